-- What each customer pays at both ends of each cell in which that changes, and (`turn`) when it
-- first changes in it. Cells are the stretches between the instants at which the periods shown open
-- and close: 0 lies before them all.

CREATE $changes cell_change AS
WITH change AS (
    SELECT customer_id, instant, change
    FROM item_change
    WHERE customer_id NOT IN (SELECT customer_id FROM gap_customer)
    UNION ALL
    SELECT customer_id, instant, level - before
    FROM gap_step
),
placed AS (  -- a decision tree over the bounds: a join with the few cells costs six times as much
    SELECT customer_id, $cell_of AS cell, instant, change
    FROM change
    WHERE change <> 0 AND instant < $horizon
)
SELECT customer_id, cell, sum(change)::$money AS change, min(instant) AS turn
FROM placed
GROUP BY customer_id, cell;

CREATE $kind cell AS
WITH running AS (
    SELECT customer_id, cell, change, turn,
        (sum(change) OVER w)::$money AS closing,
        coalesce(lead(cell) OVER w, $end_cell) AS next_cell,
        lead(turn) OVER w AS next_turn,
        min(cell) OVER w < cell AS paid_before
    FROM cell_change
    WINDOW w AS (PARTITION BY customer_id ORDER BY cell)
)
SELECT customer_id, cell, change, closing - change AS opening, closing, next_cell, paid_before,
    turn, next_turn
FROM running;
