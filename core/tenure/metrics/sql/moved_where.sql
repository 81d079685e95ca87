-- Of the movement log, what belongs to the customers of $states: by the period's filter.

DELETE FROM moved AS m
WHERE NOT EXISTS (
    SELECT 1 FROM $states AS s
    WHERE s.customer_id = m.customer_id AND s.period <= m.period AND m.period < s.until);
