-- The same of customers who pay in other currencies, whose items are converted one by one.

INSERT INTO $moved
WITH changed AS (
    SELECT i.customer_id, i.instant, i.level,
        lag(i.level, 1, 0) OVER (PARTITION BY i.item_id ORDER BY i.instant) AS level_before,
        lag(i.currency) OVER (PARTITION BY i.item_id ORDER BY i.instant) AS currency_before, i.currency
    FROM item_level AS i
    JOIN foreign_customer AS f ON f.customer_id = i.customer_id
),
fallen AS (  -- nothing happens inside a gap that is held
    SELECT DISTINCT c.customer_id, c.instant, f.first_instant
    FROM changed AS c
    JOIN (SELECT DISTINCT customer_id, first_instant FROM step) AS f
        ON f.customer_id = c.customer_id
    LEFT JOIN held_gap AS g
        ON g.customer_id = c.customer_id AND g.falls <= c.instant AND c.instant < g.back
    WHERE g.falls IS NULL AND (c.level <> c.level_before OR c.currency <> c.currency_before)
),
look AS (
    SELECT e.customer_id, e.instant, e.first_instant, p.period,
        coalesce(g.falls, e.instant) AS just_before
    FROM fallen AS e
    JOIN shown AS p ON p.opens <= e.instant AND e.instant < p.closes
    LEFT JOIN held_gap AS g
        ON g.customer_id = e.customer_id AND g.falls < e.instant AND e.instant <= g.back
),
held AS (
    SELECT l.customer_id, l.instant, l.first_instant, l.period, l.just_before, i.level, i.currency,
        convert_at(i.level, r.rate) AS amount,
        i.instant < l.just_before AND (i.until IS NULL OR i.until >= l.just_before) AS was,
        i.instant <= l.instant AND (i.until IS NULL OR i.until > l.instant) AS is_now
    FROM look AS l
    JOIN item_level AS i ON i.customer_id = l.customer_id
    JOIN rate_at AS r ON r.currency = i.currency AND r.period = l.period AND r.side = 'opening'
    WHERE i.level > 0
),
summed AS (
    SELECT customer_id, instant, first_instant, period,
        max(CASE WHEN was THEN 1 ELSE 0 END) = 1 AS paid,
        max(CASE WHEN is_now THEN 1 ELSE 0 END) = 1 AS pays,
        sum(CASE WHEN was THEN amount ELSE 0 END)::$money AS before,
        sum(CASE WHEN is_now THEN amount ELSE 0 END)::$money AS after
    FROM held
    WHERE was OR is_now
    GROUP BY customer_id, instant, first_instant, period
)
SELECT customer_id, instant, period, period + 1, paid, pays, first_instant < instant, before, after
FROM summed
WHERE before <> after OR paid <> pays;
