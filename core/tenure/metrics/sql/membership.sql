-- Which value of an attribute of its own a customer has. Where several connectors (or customers of
-- one account) state the attribute, the first connector of plugins.toml wins.

CREATE VIEW ${member}_stated AS
WITH stated AS (
    SELECT y.payer_id AS customer_id, a.valid_from AS instant,
        coalesce(nullif(a.value, ''), '(none)') AS value, y.rank, y.below,
        y.customer_id AS one
    FROM known_attribute AS a
    JOIN payer AS y ON y.customer_id = a.customer_id
    WHERE a.name = $attribute
),
joint AS (
    SELECT payer_id AS customer_id FROM payer GROUP BY payer_id HAVING count(*) > 1
)
SELECT customer_id, instant, value
FROM stated
WHERE customer_id NOT IN (SELECT customer_id FROM joint)
UNION ALL
SELECT customer_id, instant, value
FROM (
    SELECT s.customer_id, s.instant, s.value,
        rank() OVER (PARTITION BY s.customer_id ORDER BY s.rank, s.below, s.one) AS place
    FROM stated AS s
    JOIN joint AS j ON j.customer_id = s.customer_id
) AS ranked
WHERE place = 1;

CREATE TABLE ${member}_steady AS
SELECT customer_id, min(value) AS value
FROM ${member}_stated
GROUP BY customer_id
HAVING min(value) = max(value) AND min(instant) <= $begins;

CREATE TABLE ${member}_from AS
SELECT customer_id, instant, value
FROM ${member}_stated
WHERE customer_id NOT IN (SELECT customer_id FROM ${member}_steady);
