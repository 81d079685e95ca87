-- Those in other currencies once for each period, at the rate of its close.

CREATE TABLE leaving AS
SELECT customer_id, period, until, level AS amount
FROM leaving_item
WHERE currency = $home
UNION ALL
SELECT l.customer_id, p.period, p.period + 1, convert_at(l.level, r.rate)
FROM leaving_item AS l
JOIN shown AS p ON p.period >= l.period AND p.period < l.until
JOIN rate_at AS r ON r.currency = l.currency AND r.period = p.period AND r.side = 'closing'
WHERE l.currency <> $home;
