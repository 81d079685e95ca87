-- All is paid in the reporting currency: the levels are the balances, and nobody is foreign.

CREATE TABLE foreign_customer (customer_id BIGINT);

CREATE TABLE foreign_balance (
    customer_id BIGINT, period BIGINT, side VARCHAR, amount $money, amount_own $money);

CREATE TABLE rate_at (
    currency VARCHAR, period BIGINT, side VARCHAR, day DATE, rate BIGINT);

CREATE $kind state AS
SELECT customer_id, period, until, opening > 0 AS opened, closing > 0 AS closed, paid_before, turn,
    opening, closing, closing AS closing_own
FROM $raw;
