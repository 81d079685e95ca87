-- Why each item's level changed (metrics.md sections 2 and 5): told from the two points that meet.
-- Within a subscription an item that ended and one that started at the same instant are one change:
-- of price where the product (where none is stated, the plan) is the same, else of plan.

CREATE TABLE line AS
WITH turned AS (
    SELECT *, CASE WHEN product = '(none)' THEN plan ELSE product END AS sold,
        level > 0 AND was_level = 0 AND (was_state IS NULL OR was_state = 'ended') AS starts,
        level = 0 AND was_level > 0 AND state = 'ended' AS stops
    FROM pair
),
swapped AS (
    SELECT customer_id, instant, period, subscription
    FROM turned
    GROUP BY customer_id, instant, period, subscription
    HAVING max(CASE WHEN starts THEN 1 ELSE 0 END) = 1 AND max(CASE WHEN stops THEN 1 ELSE 0 END) = 1
),
same_sold AS (
    SELECT customer_id, instant, period, subscription, sold
    FROM turned
    GROUP BY customer_id, instant, period, subscription, sold
    HAVING max(CASE WHEN starts THEN 1 ELSE 0 END) = 1 AND max(CASE WHEN stops THEN 1 ELSE 0 END) = 1
)
SELECT t.customer_id, t.instant, t.period, t.subscription, t.item, t.plan, t.product,
    t.was_level, t.level, t.evidence, t.source_ref,
    CASE WHEN t.level = 0 AND t.was_level > 0 THEN t.cause END AS cause,
    CASE
        WHEN t.level = t.was_level THEN NULL
        WHEN (t.starts OR t.stops) AND p.sold IS NOT NULL THEN 'price'
        WHEN (t.starts OR t.stops) AND w.subscription IS NOT NULL THEN 'plan'
        WHEN t.stops THEN 'product_removed'
        WHEN t.level = 0 AND t.state IN ('paused', 'paused_draft') THEN 'pause'
        WHEN t.level = 0 AND t.state IN ('active', 'trial') AND t.was_state <> 'trial' THEN 'to_free'
        WHEN t.level = 0 THEN t.state
        WHEN t.was_level = 0 AND t.was_state = 'trial' THEN 'trial_converted'
        WHEN t.was_level = 0 AND t.was_state IN ('paused', 'paused_draft') THEN 'resume'
        WHEN t.was_level = 0 AND NOT t.paid AND t.paid_before THEN 'winback'
        WHEN t.starts THEN 'product_added'
        WHEN t.was_plan <> t.plan OR t.was_product <> t.product THEN 'plan'
        WHEN t.was_quantity <> t.quantity THEN 'quantity'
        WHEN t.was_amount = t.amount AND t.level < t.was_level THEN 'discount_started'
        WHEN t.was_amount = t.amount THEN 'discount_expired'
        ELSE 'price'
    END AS reason
FROM turned AS t
LEFT JOIN swapped AS w
    ON w.customer_id = t.customer_id AND w.instant = t.instant AND w.period = t.period
   AND w.subscription = t.subscription
LEFT JOIN same_sold AS p
    ON p.customer_id = t.customer_id AND p.instant = t.instant AND p.period = t.period
   AND p.subscription = t.subscription AND p.sold = t.sold;
