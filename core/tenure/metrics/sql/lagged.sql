-- The same states for periods of any opening and closing (trailing ones overlap): a change counts
-- from the first period that opens after it, and again from the first that closes after it. Both
-- are streams of differences, so their running sums are the two levels.

CREATE $kind raw_state AS
WITH turned AS (
    SELECT c.customer_id, s.opening AS period, c.closing - c.opening AS opening, 0 AS closing, 1 AS seen,
        c.next_turn AS turn, c.turn AS first_turn
    FROM cell AS c
    JOIN cell_period AS s ON s.cell = c.cell
    WHERE s.opening < $end
    UNION ALL
    SELECT c.customer_id, s.closing, 0, c.closing - c.opening, 0, NULL, c.turn
    FROM cell AS c
    JOIN cell_period AS s ON s.cell = c.cell
    WHERE s.closing < $end
),
at_period AS (
    SELECT customer_id, period, sum(opening) AS opening, sum(closing) AS closing,
        max(seen) AS seen, max(turn) AS turn, min(first_turn) AS first_turn
    FROM turned
    GROUP BY customer_id, period
),
state AS (
    SELECT customer_id, period, coalesce(lead(period) OVER w, $end) AS until,
        (sum(opening) OVER w)::$money AS opening, (sum(closing) OVER w)::$money AS closing,
        max(seen) OVER w > 0 AS paid_before,
        coalesce(max(turn) OVER w, min(first_turn) OVER w) AS turn
    FROM at_period
    WINDOW w AS (PARTITION BY customer_id ORDER BY period)
)
SELECT customer_id, period, until, opening, closing, paid_before, turn
FROM state
WHERE opening > 0 OR closing > 0;
