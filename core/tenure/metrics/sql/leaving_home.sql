-- All in the reporting currency: the levels are the amounts.

CREATE VIEW leaving AS
SELECT customer_id, period, until, level AS amount
FROM leaving_item;
