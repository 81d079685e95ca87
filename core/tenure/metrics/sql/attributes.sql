-- What the asked customers' attributes are now.

SELECT name, value
FROM (
    SELECT a.name, a.value, row_number() OVER (
        PARTITION BY a.name
            ORDER BY y.rank, y.below, y.customer_id, a.valid_from DESC) AS place
    FROM known_attribute AS a
    JOIN payer AS y ON y.customer_id = a.customer_id
    JOIN asked AS c ON c.customer_id = y.payer_id
    WHERE a.valid_from <= $now
) AS stated
WHERE place = 1 AND value <> ''
ORDER BY name
