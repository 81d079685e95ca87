-- The $column of each customer's largest item, from when on: largest by level, ties by name. While
-- the customer pays nothing, the last one stays.

CREATE TABLE membership AS
WITH instants AS (
    SELECT DISTINCT customer_id, instant FROM item_level
),
ranked AS (
    SELECT s.customer_id, s.instant, i.$column AS value,
        row_number() OVER (
            PARTITION BY s.customer_id, s.instant ORDER BY i.level DESC, i.$column, i.item_id) AS place
    FROM instants AS s
    JOIN item_level AS i
        ON i.customer_id = s.customer_id
       AND i.instant <= s.instant AND (i.until IS NULL OR i.until > s.instant)
    WHERE i.level > 0
)
SELECT customer_id, instant, value
FROM ranked
WHERE place = 1;
