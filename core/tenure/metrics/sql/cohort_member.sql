-- The cohort of each customer: the period of its first paid instant. It never changes.

CREATE TABLE membership AS
WITH first_paid AS (
    SELECT customer_id, min(first_instant) AS instant
    FROM step
    GROUP BY customer_id
),
placed AS (
    SELECT customer_id, $number AS number FROM first_paid
)
SELECT p.customer_id, $beginning AS instant, c.label AS value
FROM placed AS p
JOIN calendar AS c ON c.number = p.number;
