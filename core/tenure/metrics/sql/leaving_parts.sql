-- The same of the customers of $states, by the values of a column of them.

SELECT $group AS value, greatest(s.period, l.period) AS period, least(s.until, l.until) AS until,
    sum(l.amount) AS amount
FROM $states AS s
JOIN leaving AS l ON l.customer_id = s.customer_id AND l.period < s.until AND s.period < l.until
GROUP BY ALL
ORDER BY ALL
