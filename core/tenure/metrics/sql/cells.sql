-- What each customer pays at both ends of each cell in which that changes, and (`turn`) when it
-- first changes in it. Cells are the stretches between the instants at which the periods shown open
-- and close: 0 lies before them all.

CREATE $kind cell AS
WITH change AS (
    SELECT customer_id, instant, change
    FROM item_change
    WHERE customer_id NOT IN (SELECT customer_id FROM gap_customer)
    UNION ALL
    SELECT customer_id, instant, level - before
    FROM gap_step
),
summed AS (
    SELECT customer_id, cell_of(instant) AS cell, sum(change)::$money AS change,
        min(instant) AS turn
    FROM change
    WHERE change <> 0 AND instant < $horizon
    GROUP BY customer_id, cell_of(instant)
),
running AS (
    SELECT customer_id, cell, change, turn,
        (sum(change) OVER w)::$money AS closing,
        coalesce(lead(cell) OVER w, $end_cell) AS next_cell,
        lead(turn) OVER w AS next_turn,
        min(cell) OVER w < cell AS paid_before
    FROM summed
    WINDOW w AS (PARTITION BY customer_id ORDER BY cell)
)
SELECT customer_id, cell, closing - change AS opening, closing, next_cell, paid_before,
    turn, next_turn
FROM running;
