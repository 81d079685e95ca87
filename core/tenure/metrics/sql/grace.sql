-- A past due item counts 0 from $grace microseconds after it fell past due: a change of its own.

CREATE TABLE point AS
WITH followed AS (
    SELECT *, lead(effective_at) OVER (PARTITION BY item_id ORDER BY effective_at) AS next_at
    FROM stated_point
)
SELECT customer_id, item_id, effective_at, amount, discount, discount_once, interval_count, interval,
    currency, plan, product,
    CASE WHEN state = 'past_due' AND state_since + $grace <= effective_at
        THEN 'lapsed' ELSE state END AS state,
    state_since, ends_at, evidence, source
FROM stated_point
UNION ALL
SELECT customer_id, item_id, state_since + $grace, amount, discount, discount_once, interval_count,
    interval, currency, plan, product, 'lapsed', state_since, ends_at, evidence, source
FROM followed
WHERE state = 'past_due' AND effective_at < state_since + $grace AND state_since + $grace <= $now
  AND (next_at IS NULL OR state_since + $grace < next_at);
