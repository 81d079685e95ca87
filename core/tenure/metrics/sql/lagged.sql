-- The same states for periods of any opening and closing (trailing ones overlap): a change counts
-- from the first period that opens after it, and again from the first that closes after it. Both
-- are streams of differences, so their running sums are the two levels.

CREATE $kind raw_state AS
WITH turned AS (
    SELECT c.customer_id, s.opening AS period, c.change AS opening, 0 AS closing, 1 AS seen,
        c.next_turn AS turn, c.turn AS first_turn
    FROM cell AS c
    JOIN cell_period AS s ON s.cell = c.cell
    WHERE s.opening < $end
    UNION ALL
    SELECT c.customer_id, s.closing, 0, c.change, 0, NULL, c.turn
    FROM cell AS c
    JOIN cell_period AS s ON s.cell = c.cell
    WHERE s.closing < $end
),
state AS (  -- of several rows of a period the last one has it all, and is the one that lasts
    SELECT customer_id, period, coalesce(lead(period) OVER w, $end) AS until,
        (sum(opening) OVER w)::$money AS opening, (sum(closing) OVER w)::$money AS closing,
        max(seen) OVER w > 0 AS paid_before,
        coalesce(max(turn) OVER w, min(first_turn) OVER w) AS turn
    FROM turned
    WINDOW w AS (PARTITION BY customer_id ORDER BY period)
)
SELECT customer_id, period, until, opening, closing, paid_before, turn
FROM state
WHERE period < until AND (opening > 0 OR closing > 0);
