-- What each customer of $points pays a month, from when on: one row per instant at which that may
-- change.
--
-- A level is what a point bills a month under the policy ($level is made by tenure.metrics.policy).
-- A customer's level is the sum over all items. A customer whose level falls to 0 because items
-- ended, and who is back within the tolerance, never left: what was in force just before the fall
-- holds until the return. A pause, a free plan or an unpaid invoice is a fall.

CREATE TABLE ${of}item_change AS
WITH item_step AS (
    SELECT customer_id, item_id, effective_at AS instant, state = 'ended' AS ends, $level AS level
    FROM $points
),
stepped AS (
    SELECT customer_id, instant, ends,
        level - lag(level, 1, 0) OVER (PARTITION BY item_id ORDER BY instant) AS change
    FROM item_step
)
SELECT customer_id, instant, ends, change
FROM stepped
WHERE change <> 0;

CREATE VIEW ${of}customer_level AS
WITH customer_change AS (
    SELECT customer_id, instant, sum(change)::$money AS change,
        min(CASE WHEN ends OR change > 0 THEN 1 ELSE 0 END) AS by_end
    FROM ${of}item_change
    GROUP BY customer_id, instant
),
running AS (  -- one window for all: each further one would sort every change again
    SELECT customer_id, instant, change, by_end,
        (sum(change) OVER w)::$money AS level,
        lead(instant) OVER w AS next_instant,
        min(instant) OVER w AS first_instant,
        lag(instant) OVER w AS last_instant,
        lag(change) OVER w AS last_change,
        lag(by_end) OVER w AS last_by_end
    FROM customer_change
    WHERE change <> 0
    WINDOW w AS (PARTITION BY customer_id ORDER BY instant)
)
SELECT customer_id, instant, next_instant, first_instant, level,
    CASE WHEN level = change AND last_by_end = 1 AND instant - last_instant <= $tolerance
        THEN -last_change ELSE level - change END AS held_before,
    CASE WHEN level = 0 AND by_end = 1 AND next_instant - instant <= $tolerance
        THEN -change ELSE level END AS held
FROM running;

CREATE VIEW ${of}step AS
SELECT customer_id, instant, next_instant, first_instant, held_before AS before, held AS level
FROM ${of}customer_level;
