-- Customers who pay in other currencies: each item's level is converted on its own, both ends at the
-- opening rate, and the closing once more at its own (metrics.md section 6, Currency). Rates change
-- daily, so these customers have a state per period. Whether they pay is told by unconverted levels.

CREATE TABLE foreign_customer AS
SELECT DISTINCT customer_id FROM item_level WHERE currency <> $home AND level > 0;

CREATE TABLE foreign_period AS
SELECT r.customer_id, p.period, p.opens, p.closes, r.opening > 0 AS opened, r.closing > 0 AS closed,
    r.paid_before, r.turn
FROM raw_state AS r
JOIN foreign_customer AS f ON f.customer_id = r.customer_id
JOIN shown AS p ON p.period >= r.period AND p.period < r.until;

-- Just before which instant the items are looked at; inside a gap that is held, before the fall.
CREATE TABLE foreign_look AS
SELECT s.customer_id, s.period, 'opening' AS side, coalesce(g.falls, s.opens) AS before
FROM foreign_period AS s
LEFT JOIN held_gap AS g ON g.customer_id = s.customer_id AND g.falls < s.opens AND s.opens <= g.back
WHERE s.opened
UNION ALL
SELECT s.customer_id, s.period, 'closing', coalesce(g.falls, s.closes)
FROM foreign_period AS s
LEFT JOIN held_gap AS g
    ON g.customer_id = s.customer_id AND g.falls < s.closes AND s.closes <= g.back
WHERE s.closed
UNION ALL
SELECT customer_id, period, 'turn', turn + 1
FROM foreign_period
WHERE NOT opened
UNION ALL  -- whose largest item tells the segment: the last one paid for at the opening, or the turn
SELECT s.customer_id, s.period, 'member', CASE WHEN l.level > 0 THEN s.looked_at + 1 ELSE l.instant END
FROM (SELECT *, CASE WHEN opened THEN opens ELSE turn END AS looked_at FROM foreign_period) AS s
JOIN customer_level AS l
    ON l.customer_id = s.customer_id
   AND l.instant <= s.looked_at AND (l.next_instant IS NULL OR l.next_instant > s.looked_at);

CREATE TABLE foreign_item AS
SELECT l.customer_id, l.period, l.side, i.item_id, i.plan, i.product, i.currency, i.source,
    o.day AS opening_day, c.day AS closing_day, o.rate AS opening_rate, c.rate AS closing_rate,
    convert_at(i.level, o.rate) AS amount, convert_at(i.level, c.rate) AS amount_own
FROM foreign_look AS l
JOIN item_level AS i
    ON i.customer_id = l.customer_id
   AND i.instant < l.before AND (i.until IS NULL OR i.until >= l.before)
JOIN rate_at AS o ON o.currency = i.currency AND o.period = l.period AND o.side = 'opening'
JOIN rate_at AS c ON c.currency = i.currency AND c.period = l.period AND c.side = 'closing'
WHERE i.level > 0;

CREATE TABLE foreign_balance AS
SELECT customer_id, period, side, sum(amount)::$money AS amount, sum(amount_own)::$money AS amount_own
FROM foreign_item
GROUP BY customer_id, period, side;

CREATE TABLE state AS
SELECT r.customer_id, r.period, r.until, r.opening > 0 AS opened, r.closing > 0 AS closed,
    r.paid_before, r.turn, r.opening, r.closing, r.closing AS closing_own
FROM raw_state AS r
LEFT JOIN foreign_customer AS f ON f.customer_id = r.customer_id
WHERE f.customer_id IS NULL
UNION ALL
SELECT s.customer_id, s.period, s.period + 1, s.opened, s.closed, s.paid_before, s.turn,
    coalesce(o.amount, 0), coalesce(c.amount, 0), coalesce(c.amount_own, 0)
FROM foreign_period AS s
LEFT JOIN foreign_balance AS o
    ON o.customer_id = s.customer_id AND o.period = s.period AND o.side = 'opening'
LEFT JOIN foreign_balance AS c
    ON c.customer_id = s.customer_id AND c.period = s.period AND c.side = 'closing';
