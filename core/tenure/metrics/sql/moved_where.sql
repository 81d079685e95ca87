-- Of the movement log, what belongs to the customers of $states: by the period's filter.

CREATE TABLE moved AS
SELECT m.*
FROM all_moved AS m
JOIN $states AS s
    ON s.customer_id = m.customer_id AND s.period <= m.period AND m.period < s.until;
