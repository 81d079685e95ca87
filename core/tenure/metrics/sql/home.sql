-- All is paid in the reporting currency: the levels are the balances, and nobody is foreign.

CREATE TABLE foreign_customer (customer_id BIGINT);

CREATE VIEW foreign_balance AS
SELECT customer_id, 0 AS period, '' AS side, 0 AS amount, 0 AS amount_own FROM foreign_customer;

CREATE TABLE rate_at (
    currency VARCHAR, period BIGINT, side VARCHAR, day DATE, rate BIGINT);

CREATE VIEW state AS
SELECT customer_id, period, until, opening > 0 AS opened, closing > 0 AS closed, paid_before, turn,
    opening, closing, closing AS closing_own
FROM raw_state;
