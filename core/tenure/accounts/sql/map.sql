-- The map. A row names an account, or a customer (`connector/customer`) whose account is meant; one
-- that names its own customer keeps it apart: no rule joins it to anybody.

CREATE TABLE mapped AS
SELECT p.customer, r.line, r.account, o.customer AS other,
    o.customer IS NULL AND r.account LIKE '%/%'
        AND split_part(r.account, '/', 1) IN (SELECT name FROM counted) AS lost
FROM map_row AS r
LEFT JOIN person AS p ON p.connector = r.connector AND p.external = r.customer
LEFT JOIN person AS o ON o.connector || '/' || o.external = r.account;

INSERT INTO apart SELECT customer FROM mapped WHERE customer = other;

CREATE TABLE edge AS
WITH named AS (
    SELECT customer, account, min(customer) OVER (PARTITION BY account) AS first
    FROM mapped
    WHERE customer IS NOT NULL AND other IS NULL AND NOT lost
)
SELECT customer AS a, first AS b FROM named
UNION ALL
SELECT customer, other FROM mapped WHERE customer <> other;
