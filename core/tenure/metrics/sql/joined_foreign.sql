-- What those who joined paid first, where other currencies are paid in too. Whatever is paid first
-- begins at that very instant, so its points are found without looking back.

CREATE TABLE foreign_customer AS
SELECT DISTINCT customer_id FROM point WHERE currency <> $home AND $level > 0;

CREATE TABLE first_item AS
SELECT j.customer_id, j.period, p.item_id, p.plan, p.product, p.currency, p.source, r.day, r.rate,
    convert_at(p.level, r.rate) AS amount
FROM joined AS j
JOIN (
    SELECT customer_id, item_id, effective_at, currency, source, $level AS level,
        coalesce(nullif(plan, ''), '(none)') AS plan,
        coalesce(nullif(product, ''), '(none)') AS product
    FROM point
) AS p ON p.customer_id = j.customer_id AND p.effective_at = j.turn
JOIN rate_at AS r ON r.currency = p.currency AND r.period = j.period AND r.side = 'opening'
WHERE p.level > 0;

-- What segments ask of customers who pay in other currencies.
CREATE VIEW foreign_item AS
SELECT *, 'member' AS side FROM first_item;

CREATE VIEW foreign_balance AS
SELECT customer_id, period, 'turn' AS side, sum(amount)::$money AS amount
FROM first_item
WHERE customer_id IN (SELECT customer_id FROM foreign_customer)
GROUP BY customer_id, period;
