-- The gains and losses of the opening customers inside each stretch of periods, one by one as the
-- movement log has them, returns left out.

SELECT value, period, until, sum(up) AS up, sum(down) AS down
FROM (
    SELECT $group AS value,
        greatest(s.period, m.period) AS period, least(s.until, m.until) AS until,
        CASE WHEN m.paid AND m.after > m.before THEN m.after - m.before ELSE 0 END AS up,
        CASE WHEN m.after < m.before THEN m.before - m.after ELSE 0 END AS down
    FROM $states AS s
    JOIN moved AS m
        ON m.customer_id = s.customer_id AND m.period < s.until AND s.period < m.until
    WHERE s.opened
) AS inside
GROUP BY value, period, until
ORDER BY value, period, until
