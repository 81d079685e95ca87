-- How each customer stands: now ($states), over the twelve months up to now ($year), and what moved
-- it last. `place` is the order in which they are handed over.

CREATE TABLE standing AS
WITH leaving AS (
    SELECT customer_id, sum(amount)::$money AS amount
    FROM $year.leaving
    WHERE period = 1
    GROUP BY customer_id
),
moved_by AS (
    SELECT customer_id, reason, cause,
        row_number() OVER (
            PARTITION BY customer_id
            ORDER BY greatest(level - was_level, was_level - level) DESC, reason, cause, subscription, item) AS place
    FROM line
)
SELECT row_number() OVER (ORDER BY s.customer_id) AS place, s.customer_id, n.id, n.name,
    s.opening AS mrr, coalesce(l.amount, 0) AS leaving, coalesce(y.opening, 0) AS year_ago,
    coalesce(y.closing, 0) AS kept, s.first_instant, s.is_valued, s.instant, s.paid, s.pays,
    s.before, s.level, m.reason, m.cause$columns
FROM $states AS s
JOIN named AS n ON n.customer_id = s.customer_id
LEFT JOIN $year.state AS y ON y.customer_id = s.customer_id AND y.period = 1
LEFT JOIN leaving AS l ON l.customer_id = s.customer_id
LEFT JOIN moved_by AS m ON m.customer_id = s.customer_id AND m.place = 1;
