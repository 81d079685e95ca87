-- What is going to end, over stretches of periods.

SELECT NULL AS value, period, until, sum(amount) AS amount
FROM leaving
GROUP BY period, until
ORDER BY period, until
