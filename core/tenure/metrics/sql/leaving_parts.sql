-- The same of the customers of $states, by the values of a column of them.

SELECT value, period, until, sum(amount) AS amount
FROM (
    SELECT $group AS value, greatest(s.period, l.period) AS period, least(s.until, l.until) AS until,
        l.amount
    FROM $states AS s
    JOIN leaving AS l ON l.customer_id = s.customer_id AND l.period < s.until AND s.period < l.until
) AS inside
GROUP BY value, period, until
ORDER BY value, period, until
