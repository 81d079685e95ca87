-- The states of $states with one more column, $column. A customer belongs to the value that it had
-- when the period opened; one that did not pay then, to that of its first paid instant in the period.
-- Most customers have one value all along (${member}_steady); of the others a state is cut where the
-- opening value changes, and before its first value (${member}_from) a customer belongs to nobody.

CREATE TABLE ${member}_span AS
WITH valued AS (
    SELECT customer_id, instant, value FROM ${member}_from
    UNION ALL
    SELECT customer_id, $never, '(none)' FROM ${member}_from GROUP BY customer_id
),
opened_after AS (
    SELECT customer_id, value, instant, $first_opening AS first_period
    FROM (SELECT customer_id, value, instant - 1 AS instant FROM valued) AS just_before
)
SELECT customer_id, value, instant + 1 AS instant, lead(instant) OVER w + 1 AS until, first_period,
    lead(first_period, 1, $end) OVER w AS end_period
FROM opened_after
WINDOW w AS (PARTITION BY customer_id ORDER BY instant);

CREATE VIEW ${target}_varying AS
SELECT greatest(s.period, m.first_period) AS period, least(s.until, m.end_period) AS until, $others,
    m.value AS $column
FROM $states AS s
JOIN ${member}_span AS m
    ON m.customer_id = s.customer_id AND m.first_period < s.until AND s.period < m.end_period
WHERE s.opened AND m.first_period < m.end_period AND $here
UNION ALL
SELECT s.period, s.until, $others, m.value
FROM $states AS s
JOIN ${member}_span AS m
    ON m.customer_id = s.customer_id AND m.instant <= s.turn AND (m.until IS NULL OR s.turn < m.until)
WHERE NOT s.opened AND $here;

CREATE $kind $target AS
SELECT s.period, s.until, $others, coalesce(m.value, '(none)') AS $column
FROM $states AS s
LEFT JOIN ${member}_steady AS m ON m.customer_id = s.customer_id
WHERE s.customer_id NOT IN (SELECT customer_id FROM ${member}_span) AND $here
UNION ALL
SELECT * FROM ${target}_varying;
