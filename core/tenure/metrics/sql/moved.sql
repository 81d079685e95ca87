-- The movement log: every instant at which what a customer pays changes, with the periods shown
-- that it falls into (from `period` until before `until`), valued at the opening rate of each.

CREATE TABLE $moved AS
WITH placed AS (
    SELECT customer_id, instant, $first_closing AS period, $first_opening AS until,
        before > 0 AS paid, level > 0 AS pays, first_instant < instant AS paid_before,
        before, level AS after
    FROM step
    WHERE instant < $horizon AND before <> level AND $here
)
SELECT customer_id, instant, period, until, paid, pays, paid_before, before, after
FROM placed
WHERE period < until;
