-- Items that are paid and whose end somebody asked for, with the periods at whose close they are in
-- force (from `period` until before `until`). What a held gap holds, it holds as it was.

CREATE TABLE leaving_item AS
WITH timeline AS (
    SELECT customer_id, item_id, effective_at AS instant,
        lead(effective_at) OVER (PARTITION BY item_id ORDER BY effective_at) AS until,
        $level AS level, currency, ends_at
    FROM point
    WHERE item_id IN (SELECT item_id FROM point WHERE ends_at IS NOT NULL)
),
spell AS (
    SELECT t.customer_id, t.level, t.currency, first_closing(t.instant) AS period,
        coalesce(first_closing(coalesce(g.back, t.until)), $end) AS until
    FROM timeline AS t
    LEFT JOIN held_gap AS g ON g.customer_id = t.customer_id AND g.falls = t.until
    WHERE t.level > 0 AND t.ends_at IS NOT NULL
)
SELECT customer_id, level, currency, period, until
FROM spell
WHERE period < until;
