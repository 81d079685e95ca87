-- The states of $states with the band of their contract value: 12 x the opening level, of a
-- customer that joins 12 x the first level it pays.

CREATE TABLE $target AS
WITH based AS (
    SELECT s.*, 12 * CASE WHEN s.opened THEN s.opening ELSE coalesce(f.amount, t.level, 0) END AS acv
    FROM $states AS s
    LEFT JOIN step AS t
        ON NOT s.opened AND t.customer_id = s.customer_id AND t.instant = s.turn
    LEFT JOIN foreign_balance AS f
        ON f.customer_id = s.customer_id AND f.period = s.period AND f.side = 'turn'
)
SELECT * EXCLUDE (acv), $band AS $column
FROM based;
