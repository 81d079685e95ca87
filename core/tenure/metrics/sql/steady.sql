-- The changes of the customers that have one value of $column all along: what they pay in between
-- carries over, as it does for the total.

CREATE VIEW ${target}_steady AS
SELECT s.*, coalesce(m.value, '(none)') AS $column
FROM changed_state AS s
LEFT JOIN ${member}_steady AS m ON m.customer_id = s.customer_id
WHERE s.customer_id NOT IN (SELECT customer_id FROM ${member}_span);
