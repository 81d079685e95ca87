-- The same for every point of a few customers, each item in its own currency and by itself.

CREATE TABLE pair AS
SELECT n.customer_id, n.instant, 0 AS period,
    coalesce(s.before, 0) > 0 AS paid, coalesce(s.first_instant < n.instant, FALSE) AS paid_before,
    n.subscription, n.item, coalesce(w.level, 0) AS was_level, n.level, w.state AS was_state, n.state,
    w.plan AS was_plan, n.plan, w.product AS was_product, n.product,
    w.quantity AS was_quantity, n.quantity, w.amount AS was_amount, n.amount, n.cause,
    n.evidence, n.source_ref
FROM fact AS n
LEFT JOIN fact AS w ON w.item_id = n.item_id AND w.instant = n.last_instant
LEFT JOIN step AS s ON s.customer_id = n.customer_id AND s.instant = n.instant;
