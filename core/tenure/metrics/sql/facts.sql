-- Each item's points with all that is known of them: from `instant` until before `until`.

CREATE TABLE fact AS
SELECT p.customer_id, p.item_id, p.effective_at AS instant,
    lead(p.effective_at) OVER (PARTITION BY p.item_id ORDER BY p.effective_at) AS until,
    lag(p.effective_at) OVER (PARTITION BY p.item_id ORDER BY p.effective_at) AS last_instant,
    $level AS level, p.currency, p.amount, p.discount, p.discount_once, p.interval,
    p.interval_count, p.state, p.ends_at,
    coalesce(nullif(p.plan, ''), '(none)') AS plan,
    coalesce(nullif(p.product, ''), '(none)') AS product,
    p.evidence, p.source, d.quantity, nullif(d.cause, '') AS cause, d.source_ref, d.recorded_at,
    d.subscription, d.item
FROM point AS p
LEFT JOIN known_detail AS d ON d.item_id = p.item_id AND d.effective_at = p.effective_at
$of_asked;
