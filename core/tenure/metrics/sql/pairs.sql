-- What each movement of the log is made of: the items whose level differs just before it and at it,
-- valued at the opening rate of the period.

CREATE TABLE pair AS
WITH look AS (
    SELECT m.customer_id, m.instant, m.period, m.paid, m.paid_before,
        coalesce(g.falls, m.instant) AS just_before
    FROM moved AS m
    LEFT JOIN held_gap AS g
        ON g.customer_id = m.customer_id AND g.falls < m.instant AND m.instant <= g.back
),
seen AS (
    SELECT l.customer_id, l.instant, l.period, l.paid, l.paid_before, f.item_id, f.subscription,
        f.item, f.instant < l.just_before AND (f.until IS NULL OR f.until >= l.just_before) AS was,
        f.instant <= l.instant AND (f.until IS NULL OR f.until > l.instant) AS is_now,
        CASE WHEN r.rate IS NULL THEN f.level ELSE convert_at(f.level, r.rate) END AS level,
        f.state, f.plan, f.product, f.quantity, f.amount, f.cause, f.evidence, f.source_ref
    FROM look AS l
    JOIN fact AS f ON f.customer_id = l.customer_id AND f.instant <= l.instant
    LEFT JOIN rate_at AS r
        ON r.currency = f.currency AND r.period = l.period AND r.side = 'opening'
)
SELECT coalesce(n.customer_id, w.customer_id) AS customer_id,
    coalesce(n.instant, w.instant) AS instant, coalesce(n.period, w.period) AS period,
    coalesce(n.paid, w.paid) AS paid, coalesce(n.paid_before, w.paid_before) AS paid_before,
    coalesce(n.subscription, w.subscription) AS subscription, coalesce(n.item, w.item) AS item,
    coalesce(w.level, 0) AS was_level, coalesce(n.level, 0) AS level,
    w.state AS was_state, n.state, w.plan AS was_plan, coalesce(n.plan, w.plan) AS plan,
    w.product AS was_product, coalesce(n.product, w.product) AS product,
    w.quantity AS was_quantity, n.quantity, w.amount AS was_amount, n.amount, n.cause,
    coalesce(n.evidence, w.evidence) AS evidence, coalesce(n.source_ref, w.source_ref) AS source_ref
FROM (SELECT * FROM seen WHERE was) AS w
FULL JOIN (SELECT * FROM seen WHERE is_now) AS n
    ON n.customer_id = w.customer_id AND n.instant = w.instant AND n.period = w.period
   AND n.item_id = w.item_id
WHERE coalesce(w.level, 0) <> coalesce(n.level, 0);
