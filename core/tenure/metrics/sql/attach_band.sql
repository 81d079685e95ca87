-- The states of $states with the band of their contract value: 12 x the opening level, of a
-- customer that joins 12 x the first level it pays: before, it was nothing.

CREATE VIEW $target AS
WITH first_paid AS (
    SELECT s.customer_id, s.period, sum(i.change)::$money AS level
    FROM $states AS s
    JOIN item_change AS i ON i.customer_id = s.customer_id AND i.instant = s.turn
    WHERE NOT s.opened
    GROUP BY s.customer_id, s.period
),
based AS (
    SELECT s.*,
        12 * (CASE WHEN s.opened THEN s.opening ELSE coalesce(f.amount, t.level, 0)
            END)::DECIMAL(38, 0) AS acv
    FROM $states AS s
    LEFT JOIN first_paid AS t ON t.customer_id = s.customer_id AND t.period = s.period
    LEFT JOIN foreign_balance AS f
        ON f.customer_id = s.customer_id AND f.period = s.period AND f.side = 'turn'
)
SELECT s.period, s.until, $others, $band AS $column
FROM based AS s;
