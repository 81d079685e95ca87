-- Currencies that $valued pay in before $until, and the days without a rate for them.

SELECT DISTINCT p.currency, r.day
FROM $valued AS v
JOIN (SELECT customer_id, effective_at, currency, $level AS level FROM point) AS p
    ON p.customer_id = v.customer_id
JOIN rate_at AS r ON r.currency = p.currency AND r.period = v.period AND r.side = 'opening'
WHERE p.level > 0 AND p.effective_at < $until AND r.rate IS NULL
ORDER BY p.currency, r.day
