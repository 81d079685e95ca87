-- The cohort of each customer: the period of its first paid instant. It never changes.

CREATE TABLE ${member}_steady AS
WITH placed AS (
    SELECT customer_id, $number AS number
    FROM (SELECT customer_id, min(first_instant) AS instant FROM step GROUP BY customer_id) AS paid
)
SELECT p.customer_id, c.label AS value
FROM placed AS p
JOIN calendar AS c ON c.number = p.number;

CREATE TABLE ${member}_from (customer_id BIGINT, instant BIGINT, value VARCHAR);
