-- The $column of each customer's largest item, from when on: largest by level, ties by name. While
-- the customer pays nothing, the last one stays.

CREATE TEMP TABLE membership AS
WITH item_level AS (
    SELECT customer_id, item_id, effective_at AS instant, $level AS level,
        coalesce(nullif($column, ''), '(none)') AS value,
        lead(effective_at) OVER (PARTITION BY item_id ORDER BY effective_at) AS until
    FROM point
),
instants AS (
    SELECT DISTINCT customer_id, instant FROM item_level
),
ranked AS (
    SELECT s.customer_id, s.instant, i.value,
        row_number() OVER (
            PARTITION BY s.customer_id, s.instant ORDER BY i.level DESC, i.value, i.item_id) AS place
    FROM instants AS s
    JOIN item_level AS i
        ON i.customer_id = s.customer_id
       AND i.instant <= s.instant AND (i.until IS NULL OR i.until > s.instant)
    WHERE i.level > 0
)
SELECT customer_id, instant, value
FROM ranked
WHERE place = 1;
