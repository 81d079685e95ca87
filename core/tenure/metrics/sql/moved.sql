-- The movement log: every instant at which what a customer pays changes, with the periods shown
-- that it falls into (from `period` until before `until`), valued at the opening rate of each.

CREATE MACRO first_closing(instant) AS $first_closing;

CREATE TABLE moved AS
WITH paired AS (
    SELECT customer_id, instant, first_instant, level AS after,
        lag(level, 1, 0) OVER (PARTITION BY customer_id ORDER BY instant) AS before
    FROM step
    WHERE instant < $horizon
)
SELECT customer_id, instant, first_closing(instant) AS period, first_opening(instant) AS until,
    before > 0 AS paid, after > 0 AS pays, first_instant < instant AS paid_before, before, after
FROM paired
WHERE before <> after AND first_closing(instant) < first_opening(instant) AND $here;
