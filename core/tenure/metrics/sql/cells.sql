-- What each customer pays at the end of each cell in which that changed. Cells are the stretches
-- between the instants at which the periods shown open and close: 0 lies before them all.

-- In which cell an instant lies: how many of the bounds are not after it. A decision tree over the
-- bounds, since a join with the few cells costs six times as much.
CREATE MACRO cell_of(instant) AS $cell_of;

-- The first period that opens after an instant.
CREATE MACRO first_opening(instant) AS $first_opening;

CREATE VIEW cell AS
WITH placed AS (
    SELECT customer_id, level, next_instant, first_instant,
        cell_of(instant) AS cell, cell_of(next_instant) AS next_cell
    FROM step
    WHERE instant < $horizon
)
SELECT customer_id, cell, level, next_instant, first_instant
FROM placed
WHERE next_instant IS NULL OR next_cell > cell;
