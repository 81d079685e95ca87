-- What each customer pays a month, from when on: one row per instant at which that changes.
--
-- A level is what a point bills a month under the policy ($level is made by tenure.metrics.policy).
-- A customer's level is the sum over all items. A customer whose level falls to 0 because items
-- ended, and who is back within the tolerance, never left: the fall is left out, and what was in
-- force just before it holds until the return. A pause, a free plan or an unpaid invoice is a fall.

CREATE TEMP VIEW step AS
WITH item_level AS (
    SELECT customer_id, item_id, effective_at AS instant, state = 'ended' AS ends, $level AS level
    FROM point
),
item_change AS (
    SELECT customer_id, instant, ends,
        level - lag(level, 1, 0) OVER (PARTITION BY item_id ORDER BY instant) AS change
    FROM item_level
),
customer_change AS (
    SELECT customer_id, instant, sum(change)::$money AS change, bool_and(ends OR change > 0) AS by_end
    FROM item_change
    WHERE change <> 0
    GROUP BY customer_id, instant
),
customer_level AS (
    SELECT customer_id, instant, by_end, change,
        (sum(change) OVER (PARTITION BY customer_id ORDER BY instant))::$money AS level
    FROM customer_change
    WHERE change <> 0
),
neighbours AS (
    SELECT customer_id, instant, level, change,
        level = 0 AND by_end
            AND lead(instant) OVER w - instant <= $tolerance AS bridged,
        lag(level = 0 AND by_end, 1, FALSE) OVER w
            AND instant - lag(instant) OVER w <= $tolerance AS returns,
        lag(level, 2, 0) OVER w AS held
    FROM customer_level
    WINDOW w AS (PARTITION BY customer_id ORDER BY instant)
)
SELECT customer_id, instant, level,
    CASE WHEN returns THEN level - held ELSE change END AS change
FROM neighbours
WHERE bridged IS NOT TRUE
  AND NOT (returns AND level = held);
