-- Which value of an attribute of its own a customer has, from when on. Where several connectors (or
-- customers of one account) state the attribute, the first connector of plugins.toml wins.

CREATE TABLE membership AS
WITH stated AS (
    SELECT y.payer_id AS customer_id, a.valid_from AS instant, nullif(a.value, '') AS value,
        y.rank, y.customer_id AS one
    FROM known_attribute AS a
    JOIN payer AS y ON y.customer_id = a.customer_id
    WHERE a.name = $attribute
),
first_stated AS (
    SELECT *, min((rank, one)) OVER (PARTITION BY customer_id) = (rank, one) AS wins
    FROM stated
)
SELECT customer_id, instant, coalesce(value, '(none)') AS value
FROM first_stated
WHERE wins;
