-- The movements of each stretch of periods, added up over the customers of $states (metrics.md
-- section 5). `end_mrr` and `customers_end` are balances of their own, not sums of the others.

SELECT $group AS value, period, until,
    sum(opening) AS start_mrr,
    sum(CASE WHEN NOT opened AND NOT paid_before THEN closing ELSE 0 END) AS new,
    sum(CASE WHEN NOT opened AND paid_before THEN closing ELSE 0 END) AS reactivation,
    sum(CASE WHEN opened AND closed AND closing > opening THEN closing - opening ELSE 0 END)
        AS expansion,
    sum(CASE WHEN opened AND closed AND closing < opening THEN opening - closing ELSE 0 END)
        AS contraction,
    sum(CASE WHEN opened AND NOT closed THEN opening ELSE 0 END) AS churn,
    sum(closing_own - closing) AS fx,
    sum(closing_own) AS end_mrr,
    sum(CASE WHEN opened THEN 1 ELSE 0 END) AS customers_start,
    sum(CASE WHEN closed THEN 1 ELSE 0 END) AS customers_end,
    sum(CASE WHEN opened AND NOT closed THEN 1 ELSE 0 END) AS customers_churned,
    sum(CASE WHEN opened THEN closing_own ELSE 0 END) AS reported,
    sum(CASE WHEN opened THEN least(opening, closing_own) ELSE 0 END) AS reported_at_most
FROM $states
GROUP BY ALL
ORDER BY ALL
