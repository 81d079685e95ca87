-- The change of each customer over each period: opening and closing level, and whether it had
-- ever paid before the period. Only customers that change appear, so work grows with changes.

CREATE TEMP TABLE move AS
WITH period_change AS (
    SELECT customer_id, period_of(instant) AS period, sum(change)::$money AS change,
        max(level) AS peak,
        min(CASE WHEN level > 0 THEN instant END) AS first_paid_at
    FROM step
    WHERE instant < $horizon
    GROUP BY customer_id, period_of(instant)
),
levels AS (
    SELECT customer_id, period, change, first_paid_at,
        (sum(change) OVER w)::$money AS closing,
        coalesce(max(peak) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) > 0
            AS paid_before
    FROM period_change
    WINDOW w AS (PARTITION BY customer_id ORDER BY period)
)
SELECT customer_id, period, closing - change AS opening, closing, paid_before, first_paid_at
FROM levels
WHERE change <> 0;
