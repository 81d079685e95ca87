-- Each item by itself, from `instant` until before `until`, and the gaps that are held.

CREATE VIEW held_gap AS
SELECT customer_id, instant AS falls, next_instant AS back
FROM gap_customer_level
WHERE level = 0 AND held > 0;

CREATE VIEW item_level AS
SELECT customer_id, item_id, effective_at AS instant,
    lead(effective_at) OVER (PARTITION BY item_id ORDER BY effective_at) AS until,
    $level AS level, currency,
    coalesce(nullif(plan, ''), '(none)') AS plan, coalesce(nullif(product, ''), '(none)') AS product,
    source
FROM point;
