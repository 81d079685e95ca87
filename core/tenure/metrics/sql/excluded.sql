-- Customers left out by a rule of the policy: by id, by the domain of their e-mail or web site, or
-- by the value that an attribute has now; and with them whoever is one account with them. The columns
-- of a table without rows have no type in SQLite.

CREATE TABLE named_by_rule AS
SELECT c.customer_id
FROM known_customer AS c
LEFT JOIN (
    SELECT customer_id, CAST(name AS VARCHAR) AS name, CAST(value AS VARCHAR) AS value,
        row_number() OVER (PARTITION BY customer_id, name ORDER BY valid_from DESC) AS place
    FROM known_attribute
    WHERE valid_from <= $now
) AS a ON a.customer_id = c.customer_id AND a.place = 1
JOIN exclusion AS e
    ON (e.kind = 'customer' AND e.value = c.external_id)
    OR (e.kind = 'attribute' AND e.name = a.name AND e.value = a.value)
    OR (e.kind = 'domain' AND a.name = 'domain' AND lower(a.value) = e.value)
    OR (e.kind = 'domain' AND a.name = 'email' AND lower(a.value) LIKE '%@' || e.value)
GROUP BY c.customer_id;

INSERT INTO excluded
SELECT customer_id FROM named_by_rule
UNION
SELECT b.customer_id
FROM known_link AS a
JOIN named_by_rule AS n ON n.customer_id = a.customer_id
JOIN known_link AS b ON b.account_id = a.account_id;
