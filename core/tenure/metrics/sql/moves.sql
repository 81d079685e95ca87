-- The change of each customer over each period: opening and closing level, and whether it had
-- ever paid before the period. Only customers that change appear, so work grows with changes.
--
-- The last step in a period makes the closing level; it holds until the next such step, and so is
-- that one's opening level. Its next step is the first one in that later period.

CREATE TEMP VIEW move AS
WITH placed AS (
    SELECT customer_id, level, next_instant, first_instant,
        period_of(instant) AS period, period_of(next_instant) AS next_period
    FROM step
    WHERE instant < $horizon
),
levels AS (
    SELECT customer_id, period, level AS closing,
        lag(level, 1, 0) OVER w AS opening,
        period_of(first_instant) < period AS paid_before,
        lag(next_instant, 1, first_instant) OVER w AS first_paid_at
    FROM placed
    WHERE next_instant IS NULL OR next_period > period
    WINDOW w AS (PARTITION BY customer_id ORDER BY period)
)
SELECT customer_id, period, opening, closing, paid_before, first_paid_at
FROM levels
WHERE opening <> closing;
