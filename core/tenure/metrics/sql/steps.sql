-- What each customer pays a month, from when on: one row per instant at which that may change.
--
-- A level is what a point bills a month under the policy ($level is made by tenure.metrics.policy).
-- A customer's level is the sum over all items. A customer whose level falls to 0 because items
-- ended, and who is back within the tolerance, never left: what was in force just before the fall
-- holds until the return. A pause, a free plan or an unpaid invoice is a fall.

CREATE VIEW customer_level AS
WITH item_step AS (
    SELECT customer_id, item_id, effective_at AS instant, state = 'ended' AS ends, $level AS level
    FROM point
),
item_change AS (
    SELECT customer_id, instant, ends,
        level - lag(level, 1, 0) OVER (PARTITION BY item_id ORDER BY instant) AS change
    FROM item_step
),
customer_change AS (
    SELECT customer_id, instant, sum(change)::$money AS change, bool_and(ends OR change > 0) AS by_end
    FROM item_change
    WHERE change <> 0
    GROUP BY customer_id, instant
),
running AS (  -- one window for all: each further one would sort every change again
    SELECT customer_id, instant, change, by_end,
        (sum(change) OVER w)::$money AS level,
        lead(instant) OVER w AS next_instant,
        min(instant) OVER w AS first_instant
    FROM customer_change
    WHERE change <> 0
    WINDOW w AS (PARTITION BY customer_id ORDER BY instant)
)
SELECT customer_id, instant, next_instant, first_instant, change, level,
    level = 0 AND by_end AND next_instant - instant <= $tolerance AS is_held
FROM running;

CREATE VIEW step AS
SELECT customer_id, instant, next_instant, first_instant,
    CASE WHEN is_held THEN -change ELSE level END AS level
FROM customer_level;

CREATE VIEW held_gap AS
SELECT customer_id, instant AS falls, next_instant AS back
FROM customer_level
WHERE is_held;

CREATE VIEW item_level AS  -- each item by itself, from `instant` until before `until`
SELECT customer_id, item_id, effective_at AS instant,
    lead(effective_at) OVER (PARTITION BY item_id ORDER BY effective_at) AS until,
    $level AS level, currency,
    coalesce(nullif(plan, ''), '(none)') AS plan, coalesce(nullif(product, ''), '(none)') AS product,
    source
FROM point;
