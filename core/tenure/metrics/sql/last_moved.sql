-- The last movement of every customer, in the shape of the movement log, so that its reasons are
-- found in the same way.

CREATE TABLE moved AS
SELECT customer_id, instant, 1 AS period, paid, pays, first_instant < instant AS paid_before
FROM last_step;
