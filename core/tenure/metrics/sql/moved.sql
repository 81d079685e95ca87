-- The movement log: every instant at which what a customer pays changes, with the periods shown
-- that it falls into (from `period` until before `until`), valued at the opening rate of each.

CREATE TABLE moved AS
SELECT customer_id, instant, first_closing(instant) AS period, first_opening(instant) AS until,
    before > 0 AS paid, level > 0 AS pays, first_instant < instant AS paid_before,
    before, level AS after
FROM step
WHERE instant < $horizon AND before <> level
  AND first_closing(instant) < first_opening(instant) AND $here;
