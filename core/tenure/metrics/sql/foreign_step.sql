-- What customers who pay in other currencies pay, from when on, like `steps.sql`, each item converted
-- at the opening rate of the one period that $valued gives its customer. Whether they pay, and which
-- gaps are held, is told by unconverted levels.

CREATE TABLE foreign_step AS
WITH converted AS (
    SELECT v.customer_id, p.item_id, p.instant, p.ends, p.level,
        CASE WHEN p.level = 0 THEN 0 ELSE convert_at(p.level, r.rate) END AS amount
    FROM $valued AS v
    JOIN foreign_customer AS f ON f.customer_id = v.customer_id
    JOIN (
        SELECT customer_id, item_id, effective_at AS instant, state = 'ended' AS ends, currency,
            $level AS level
        FROM point
    ) AS p ON p.customer_id = v.customer_id
    LEFT JOIN rate_at AS r  -- a currency that only ends are stated in has no rate
        ON r.currency = p.currency AND r.period = v.period AND r.side = 'opening'
),
item_change AS (
    SELECT customer_id, instant, ends, level - lag(level, 1, 0) OVER w AS change,
        amount - lag(amount, 1, 0) OVER w AS worth
    FROM converted
    WINDOW w AS (PARTITION BY item_id ORDER BY instant)
),
customer_change AS (
    SELECT customer_id, instant, sum(change)::$money AS change, sum(worth)::$money AS worth,
        min(CASE WHEN ends OR change > 0 THEN 1 ELSE 0 END) AS by_end
    FROM item_change
    WHERE change <> 0 OR worth <> 0
    GROUP BY customer_id, instant
),
running AS (
    SELECT customer_id, instant, change, worth, by_end,
        (sum(change) OVER w)::$money AS level,
        (sum(worth) OVER w)::$money AS amount,
        min(instant) OVER w AS first_instant,
        lead(instant) OVER w AS next_instant,
        lag(instant) OVER w AS last_instant,
        lag(worth) OVER w AS last_worth,
        lag(by_end) OVER w AS last_by_end
    FROM customer_change
    WHERE change <> 0 OR worth <> 0
    WINDOW w AS (PARTITION BY customer_id ORDER BY instant)
),
gap AS (
    SELECT *,
        coalesce(level = change AND last_by_end = 1 AND instant - last_instant <= $tolerance, FALSE)
            AS ends_gap,
        coalesce(level = 0 AND by_end = 1 AND next_instant - instant <= $tolerance, FALSE) AS begins_gap
    FROM running
)
SELECT customer_id, instant, first_instant, level <> change OR ends_gap AS paid,
    level > 0 OR begins_gap AS pays,
    CASE WHEN ends_gap THEN -last_worth ELSE amount - worth END AS before,
    CASE WHEN begins_gap THEN -worth ELSE amount END AS level
FROM gap;
