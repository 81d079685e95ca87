-- By how much the revenue and the number of paying customers of each cohort change in each period:
-- their running sums are the triangle.

WITH placed AS (
    SELECT customer_id, $cell_of AS cell, before, level, paid, pays
    FROM foreign_step
    WHERE instant < $horizon
)
SELECT cohort, period, sum(revenue) AS revenue, sum(logos) AS logos
FROM (
    SELECT j.period AS cohort, c.cell AS period, c.closing - c.opening AS revenue,
        CASE WHEN c.closing > 0 THEN 1 ELSE 0 END - CASE WHEN c.opening > 0 THEN 1 ELSE 0 END AS logos
    FROM $joined AS j
    JOIN cell AS c ON c.customer_id = j.customer_id
    WHERE j.customer_id NOT IN (SELECT customer_id FROM foreign_customer)
    UNION ALL
    SELECT j.period, s.cell, s.level - s.before,
        CASE WHEN s.pays THEN 1 ELSE 0 END - CASE WHEN s.paid THEN 1 ELSE 0 END
    FROM $joined AS j
    JOIN placed AS s ON s.customer_id = j.customer_id
) AS changes
GROUP BY cohort, period
ORDER BY cohort, period
