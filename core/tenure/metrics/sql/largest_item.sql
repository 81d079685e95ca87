-- The $column of each customer's largest item: largest by level, ties by name. While the customer
-- pays nothing, the last one stays.

CREATE TABLE ${member}_steady AS
SELECT customer_id, min(value) AS value
FROM (
    SELECT customer_id, coalesce(nullif($column, ''), '(none)') AS value, $level AS level
    FROM point
) AS named
WHERE level > 0
GROUP BY customer_id
HAVING min(value) = max(value);

CREATE TABLE ${member}_from AS
WITH item_value AS (
    SELECT customer_id, item_id, effective_at AS instant, $level AS level,
        coalesce(nullif($column, ''), '(none)') AS value,
        lead(effective_at) OVER (PARTITION BY item_id ORDER BY effective_at) AS until
    FROM point
    WHERE customer_id NOT IN (SELECT customer_id FROM ${member}_steady)
),
ranked AS (
    SELECT s.customer_id, s.instant, i.value,
        row_number() OVER (
            PARTITION BY s.customer_id, s.instant ORDER BY i.level DESC, i.value, i.item_id) AS place
    FROM (SELECT DISTINCT customer_id, instant FROM item_value) AS s
    JOIN item_value AS i
        ON i.customer_id = s.customer_id
       AND i.instant <= s.instant AND (i.until IS NULL OR i.until > s.instant)
    WHERE i.level > 0
)
SELECT customer_id, instant, value
FROM ranked
WHERE place = 1;
