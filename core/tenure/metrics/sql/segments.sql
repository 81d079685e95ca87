-- The bridge by segment. A customer belongs to the segment that it was in when the period started;
-- one that did not pay then, to the one at its first paid instant in the period. So a segment's
-- opening comes from states (level and segment hold from period to period) whose two ends are
-- added up, and its movements from the customers that changed.

CREATE TEMP TABLE IF NOT EXISTS known_move AS SELECT * FROM move;  -- read three times below

CREATE TEMP TABLE opening_member AS  -- from which period's start on a value counts
WITH from_period AS (
    SELECT customer_id, period_of(instant - 1) + 1 AS first_period, arg_max(value, instant) AS value
    FROM membership
    GROUP BY customer_id, period_of(instant - 1) + 1
)
SELECT customer_id, value, first_period,
    coalesce(lead(first_period) OVER (PARTITION BY customer_id ORDER BY first_period), $end)
        AS end_period
FROM from_period;

CREATE TEMP TABLE opening_level AS  -- between which period starts a level holds
SELECT customer_id, closing AS level, period + 1 AS first_period,
    coalesce(lead(period) OVER (PARTITION BY customer_id ORDER BY period) + 1, $end) AS end_period
FROM known_move;

CREATE TEMP TABLE opening_state AS
WITH overlap AS (
    SELECT l.customer_id, l.level, m.value,
        greatest(l.first_period, m.first_period) AS first_period,
        least(l.end_period, m.end_period) AS end_period
    FROM opening_level AS l
    JOIN opening_member AS m
        ON m.customer_id = l.customer_id
       AND m.first_period < l.end_period AND l.first_period < m.end_period
    WHERE l.level > 0
    UNION ALL
    -- Before its first value, or without any, a customer belongs to nobody.
    SELECT l.customer_id, l.level, '(none)', l.first_period,
        least(l.end_period, coalesce(f.first_period, l.end_period))
    FROM opening_level AS l
    LEFT JOIN (
        SELECT customer_id, min(first_period) AS first_period
        FROM opening_member GROUP BY customer_id
    ) AS f ON f.customer_id = l.customer_id
    WHERE l.level > 0 AND (f.first_period IS NULL OR f.first_period > l.first_period)
)
SELECT value, first_period AS period, level AS change, 1 AS customers FROM overlap
UNION ALL
SELECT value, end_period, -level, -1 FROM overlap;

CREATE TEMP TABLE segment_move AS
SELECT v.*, coalesce(m.value, '(none)') AS value
FROM known_move AS v
LEFT JOIN opening_member AS m
    ON m.customer_id = v.customer_id
   AND m.first_period <= v.period AND v.period < m.end_period
WHERE v.opening > 0
UNION ALL
SELECT v.*, coalesce(m.value, '(none)')
FROM known_move AS v
LEFT JOIN (
    SELECT customer_id, value, instant,
        lead(instant) OVER (PARTITION BY customer_id ORDER BY instant) AS until
    FROM membership
) AS m
    ON m.customer_id = v.customer_id
   AND m.instant <= v.first_paid_at AND (m.until IS NULL OR v.first_paid_at < m.until)
WHERE v.opening = 0;
