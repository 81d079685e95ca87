-- The movements of each stretch of periods, added up over the customers of $states (metrics.md
-- section 5): first by what became of them, then by name. `end_mrr` and `customers_end` are
-- balances of their own, not sums of the others.

WITH fates AS (
    SELECT $group AS value, period, until, opened, closed, paid_before, closing > opening AS grows,
        sum(opening) AS opening, sum(closing) AS closing, sum(closing_own) AS closing_own,
        sum(least(opening, closing_own)) AS at_most, count(*) AS customers
    FROM $states
    GROUP BY value, period, until, opened, closed, paid_before, closing > opening
)
SELECT value, period, until,
    sum(opening) AS start_mrr,
    sum(CASE WHEN NOT opened AND NOT paid_before THEN closing ELSE 0 END) AS new,
    sum(CASE WHEN NOT opened AND paid_before THEN closing ELSE 0 END) AS reactivation,
    sum(CASE WHEN opened AND closed AND grows THEN closing - opening ELSE 0 END) AS expansion,
    sum(CASE WHEN opened AND closed AND NOT grows THEN opening - closing ELSE 0 END) AS contraction,
    sum(CASE WHEN opened AND NOT closed THEN opening ELSE 0 END) AS churn,
    sum(closing_own - closing) AS fx,
    sum(closing_own) AS end_mrr,
    sum(CASE WHEN opened THEN customers ELSE 0 END) AS customers_start,
    sum(CASE WHEN closed THEN customers ELSE 0 END) AS customers_end,
    sum(CASE WHEN opened AND NOT closed THEN customers ELSE 0 END) AS customers_churned,
    sum(CASE WHEN opened THEN closing_own ELSE 0 END) AS reported,
    sum(CASE WHEN opened THEN at_most ELSE 0 END) AS reported_at_most
FROM fates
GROUP BY value, period, until
ORDER BY value, period, until
