-- Items that are paid and whose end somebody asked for, with the periods at whose close they are in
-- force (from `period` until before `until`). What a held gap holds, it holds as it was.

CREATE TABLE leaving_item AS
WITH timeline AS (
    SELECT customer_id, item_id, effective_at AS instant,
        lead(effective_at) OVER (PARTITION BY item_id ORDER BY effective_at) AS until,
        $level AS level, currency, ends_at
    FROM point
    WHERE item_id IN (SELECT item_id FROM known_point WHERE ends_at <> 0)
),
ending AS (
    SELECT t.customer_id, t.level, t.currency, $first_closing AS period,
        coalesce(g.back, t.until) AS gone
    FROM timeline AS t
    LEFT JOIN held_gap AS g ON g.customer_id = t.customer_id AND g.falls = t.until
    WHERE t.level > 0 AND t.ends_at IS NOT NULL
),
spell AS (
    SELECT customer_id, level, currency, period,
        CASE WHEN instant IS NULL THEN $end ELSE $first_closing END AS until
    FROM (SELECT customer_id, level, currency, period, gone AS instant FROM ending) AS ended
)
SELECT customer_id, level, currency, period, until
FROM spell
WHERE period < until;
