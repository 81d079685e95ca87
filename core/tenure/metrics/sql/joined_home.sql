-- What those who joined paid first, where all pay in the reporting currency: before, it was nothing.

CREATE TABLE first_item AS
SELECT j.customer_id, i.change AS amount
FROM joined AS j
JOIN item_change AS i ON i.customer_id = j.customer_id AND i.instant = j.turn;

-- What else is asked of customers who pay in other currencies: there are none.
CREATE VIEW foreign_customer AS
SELECT customer_id FROM joined WHERE FALSE;

CREATE VIEW foreign_balance AS
SELECT customer_id, period, 'turn' AS side, 0 AS amount FROM joined WHERE FALSE;

CREATE VIEW foreign_step AS
SELECT customer_id, turn AS instant, 0 AS before, 0 AS level, FALSE AS paid, FALSE AS pays
FROM joined
WHERE FALSE;
