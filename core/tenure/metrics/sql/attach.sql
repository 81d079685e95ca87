-- The states of $states with one more column: the value that `membership` gives each customer. A
-- customer belongs to the value it had when the period opened; one that did not pay then, to the
-- value of its first paid instant in the period. A state is cut where the opening value changes.

CREATE TABLE $target AS
WITH opening_from AS (
    SELECT customer_id, value, first_opening(instant - 1) AS first_period,
        lead(first_opening(instant - 1), 1, $end) OVER (
            PARTITION BY customer_id ORDER BY instant) AS end_period
    FROM membership
),
opening_member AS (
    SELECT customer_id, value, first_period, end_period
    FROM opening_from
    WHERE first_period < end_period
    UNION ALL  -- before its first value a customer belongs to nobody
    SELECT customer_id, '(none)', 0, min(first_period)
    FROM opening_from
    GROUP BY customer_id
),
member AS (
    SELECT customer_id, value, instant,
        lead(instant) OVER (PARTITION BY customer_id ORDER BY instant) AS until
    FROM membership
)
SELECT s.* REPLACE (
        greatest(s.period, coalesce(m.first_period, 0)) AS period,
        least(s.until, coalesce(m.end_period, $end)) AS until),
    coalesce(m.value, '(none)') AS $column
FROM $states AS s
LEFT JOIN opening_member AS m
    ON m.customer_id = s.customer_id AND m.first_period < s.until AND s.period < m.end_period
WHERE s.opened AND $here
UNION ALL
SELECT s.*, coalesce(m.value, '(none)')
FROM $states AS s
LEFT JOIN member AS m
    ON m.customer_id = s.customer_id
   AND m.instant <= s.turn AND (m.until IS NULL OR s.turn < m.until)
WHERE NOT s.opened AND $here;
