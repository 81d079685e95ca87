-- Every point of one customer, with why its level changed.

SELECT f.instant, f.source, f.subscription, f.item, f.plan, f.product, f.state, f.amount,
    f.discount + f.discount_once, f.quantity, f.interval, f.interval_count, f.currency, f.level,
    f.ends_at, l.reason, f.cause, f.evidence, f.source_ref, f.recorded_at
FROM fact AS f
LEFT JOIN line AS l
    ON l.customer_id = f.customer_id AND l.instant = f.instant
   AND l.subscription = f.subscription AND l.item = f.item
WHERE f.source_ref IS NOT NULL
ORDER BY f.instant, f.source, f.subscription, f.item
