-- How many customers of $joined each cohort has, and what they paid first.

SELECT period, count(*) AS customers, sum(base) AS base
FROM (
    SELECT j.period, j.customer_id, sum(f.amount) AS base
    FROM $joined AS j
    JOIN first_item AS f ON f.customer_id = j.customer_id
    GROUP BY j.period, j.customer_id
) AS first_paid
GROUP BY period
ORDER BY period
