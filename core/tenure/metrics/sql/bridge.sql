-- The movements of each period, added up over the customers of $moves (metrics.md section 5).
-- `change` and `joined` are what the balances must move by, whatever the movements are called.

SELECT $group AS value, period,
    sum(closing - opening) AS change,
    sum(CASE WHEN opening = 0 AND NOT paid_before THEN closing ELSE 0 END) AS new,
    sum(CASE WHEN opening = 0 AND paid_before THEN closing ELSE 0 END) AS reactivation,
    sum(CASE WHEN opening > 0 AND closing > opening THEN closing - opening ELSE 0 END) AS expansion,
    sum(CASE WHEN closing > 0 AND closing < opening THEN opening - closing ELSE 0 END) AS contraction,
    sum(CASE WHEN closing = 0 THEN opening ELSE 0 END) AS churn,
    sum(CASE WHEN opening = 0 THEN 1 WHEN closing = 0 THEN -1 ELSE 0 END) AS joined,
    sum(CASE WHEN closing = 0 THEN 1 ELSE 0 END) AS churned
FROM $moves
GROUP BY ALL
ORDER BY ALL
