-- What counts of the known ledger: connectors that plugins.toml names, no usage; a customer with an
-- account is its account (a negative number, so that no customer's number can meet it). Where customers
-- of one connector are one account, those without a parent speak for it first. What a `directory`, a
-- connector that provides no revenue, states of subscriptions is nobody's money.

CREATE TABLE payer AS
SELECT c.customer_id, coalesce(-l.account_id, c.customer_id) AS payer_id, n.name AS source, n.rank,
    CASE WHEN h.customer_id IS NULL THEN 0 ELSE 1 END AS below
FROM known_customer AS c
JOIN known_connector AS k ON k.connector_id = c.connector_id
JOIN counted AS n ON n.name = k.name
LEFT JOIN known_link AS l ON l.customer_id = c.customer_id
LEFT JOIN (
    SELECT DISTINCT customer_id FROM known_attribute WHERE name = 'parent' AND value <> ''
) AS h ON h.customer_id = c.customer_id
WHERE c.customer_id NOT IN (SELECT customer_id FROM excluded);

CREATE VIEW $stated AS
SELECT y.payer_id AS customer_id, p.item_id, p.effective_at, p.amount, p.discount, p.discount_once,
    p.interval_count, p.interval, p.currency, p.plan, p.product, p.state, p.state_since,
    nullif(p.ends_at, 0) AS ends_at, p.evidence, y.source
FROM known_point AS p
JOIN payer AS y ON y.customer_id = p.customer_id
WHERE p.item_id NOT IN (SELECT item_id FROM known_usage)
  AND y.source NOT IN (SELECT name FROM directory);
