-- Every customer as of now, in the shape of a state: what it pays, since when, and the last time that
-- changed. Money at today's rates; `is_valued` is false where one of an old change is not known.

CREATE TABLE last_step AS
SELECT customer_id, instant, first_instant, paid, pays, before, level
FROM (
    SELECT *, row_number() OVER (PARTITION BY customer_id ORDER BY instant DESC) AS place
    FROM (
        SELECT customer_id, instant, first_instant, before > 0 AS paid, level > 0 AS pays, before, level
        FROM step
        WHERE customer_id NOT IN (SELECT customer_id FROM foreign_customer) AND before <> level
        UNION ALL
        SELECT customer_id, instant, first_instant, paid, pays, before, level
        FROM foreign_step
        WHERE paid <> pays OR before IS NULL OR level IS NULL OR before <> level
    ) AS changed
) AS ranked
WHERE place = 1;

-- The items of those who pay in other currencies, as of now or when they last paid.
CREATE TABLE foreign_item AS
SELECT i.customer_id, 1 AS period, 'member' AS side, i.item_id, i.plan, i.product, i.currency, i.source,
    r.day, r.rate, s.pays, convert_at(i.level, r.rate) AS amount
FROM last_step AS s
JOIN foreign_customer AS f ON f.customer_id = s.customer_id
JOIN item_level AS i
    ON i.customer_id = s.customer_id
   AND ((s.pays AND i.until IS NULL) OR (NOT s.pays AND i.instant < s.instant AND i.until >= s.instant))
JOIN rate_at AS r ON r.currency = i.currency AND r.side = 'opening'
WHERE i.level > 0;

CREATE TABLE foreign_balance AS
SELECT customer_id, 1 AS period, 'turn' AS side, sum(amount)::$money AS amount
FROM foreign_item
WHERE pays
GROUP BY customer_id;

CREATE TABLE unvalued AS
SELECT DISTINCT v.customer_id
FROM $valued AS v
JOIN (SELECT customer_id, currency, $level AS level FROM point) AS p ON p.customer_id = v.customer_id
JOIN rate_at AS r ON r.currency = p.currency AND r.side = 'opening'
WHERE p.level > 0 AND r.rate IS NULL;

CREATE TABLE customer_state AS
SELECT v.customer_id, 1 AS period, 2 AS until, TRUE AS opened, NULL::BIGINT AS turn,
    CASE WHEN NOT coalesce(s.pays, FALSE) THEN 0 WHEN f.customer_id IS NULL THEN s.level
        ELSE coalesce(b.amount, 0) END AS opening,
    s.instant, s.first_instant, s.paid, s.pays, s.before, s.level, u.customer_id IS NULL AS is_valued
FROM $valued AS v
LEFT JOIN last_step AS s ON s.customer_id = v.customer_id
LEFT JOIN foreign_customer AS f ON f.customer_id = v.customer_id
LEFT JOIN foreign_balance AS b ON b.customer_id = v.customer_id
LEFT JOIN unvalued AS u ON u.customer_id = v.customer_id;
