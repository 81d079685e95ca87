-- Give every staged customer, subscription and item its key; the unknown ones get a row, in the
-- order in which they were stated. Of what is stated twice the last statement counts.

INSERT INTO customer (connector_id, external_id, recorded_at)
SELECT :connector, stated.customer, :stamp
FROM (
    SELECT customer, min(no) AS first_no
    FROM (SELECT customer, no FROM stage_subscription
          UNION ALL
          SELECT customer, no FROM stage_customer) AS s
    GROUP BY customer
) AS stated
LEFT JOIN customer AS known
    ON known.connector_id = :connector AND known.external_id = stated.customer
WHERE known.id IS NULL
ORDER BY stated.first_no;

UPDATE stage_customer SET customer_id = (
    SELECT c.id FROM customer AS c
    WHERE c.connector_id = :connector AND c.external_id = stage_customer.customer);

UPDATE stage_line SET customer_id = (
    SELECT c.customer_id FROM stage_customer AS c WHERE c.no = stage_line.customer_no);

UPDATE stage_snapshot SET customer_id = (
    SELECT c.customer_id FROM stage_customer AS c WHERE c.no = stage_snapshot.customer_no);

DELETE FROM stage_line
WHERE no NOT IN (SELECT max(no) FROM stage_line GROUP BY customer_id, name);

UPDATE stage_subscription SET customer_id = (
    SELECT c.id FROM customer AS c
    WHERE c.connector_id = :connector AND c.external_id = stage_subscription.customer);

INSERT INTO subscription (customer_id, external_id, recorded_at)
SELECT stated.customer_id, stated.subscription, :stamp
FROM (
    SELECT customer_id, subscription, min(no) AS first_no
    FROM stage_subscription
    GROUP BY customer_id, subscription
) AS stated
LEFT JOIN subscription AS known
    ON known.customer_id = stated.customer_id AND known.external_id = stated.subscription
WHERE known.id IS NULL
ORDER BY stated.first_no;

UPDATE stage_subscription SET subscription_id = (
    SELECT s.id FROM subscription AS s
    WHERE s.customer_id = stage_subscription.customer_id
      AND s.external_id = stage_subscription.subscription);

DELETE FROM stage_subscription
WHERE no NOT IN (SELECT max(no) FROM stage_subscription GROUP BY subscription_id);

DELETE FROM stage_item
WHERE subscription_no NOT IN (SELECT no FROM stage_subscription);

INSERT INTO item (subscription_id, customer_id, external_id, kind, recorded_at)
SELECT s.subscription_id, s.customer_id, i.item, i.kind, :stamp
FROM stage_item AS i
JOIN stage_subscription AS s ON s.no = i.subscription_no
LEFT JOIN item AS known
    ON known.subscription_id = s.subscription_id AND known.external_id = i.item
WHERE known.id IS NULL
ORDER BY i.no;

UPDATE stage_item SET (item_id, customer_id) = (
    SELECT k.id, k.customer_id
    FROM stage_subscription AS s
    JOIN item AS k ON k.subscription_id = s.subscription_id AND k.external_id = stage_item.item
    WHERE s.no = stage_item.subscription_no);
