-- The same for customers who pay in other currencies: their largest item by level at the opening
-- rate of each period, ties by name.

INSERT INTO $target
WITH ranked AS (
    SELECT customer_id, period, $attribute AS value,
        row_number() OVER (
            PARTITION BY customer_id, period ORDER BY amount DESC, $attribute, item_id) AS place
    FROM foreign_item
    WHERE side = 'member'
)
SELECT s.period, s.until, $others, coalesce(m.value, '(none)')
FROM $states AS s
LEFT JOIN ranked AS m ON m.customer_id = s.customer_id AND m.period = s.period AND m.place = 1
WHERE s.customer_id IN (SELECT customer_id FROM foreign_customer);
