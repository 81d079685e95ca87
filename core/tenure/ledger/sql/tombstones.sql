-- Tombstones: every item of the customer or subscription never existed.

INSERT INTO pull_item (item_id, connector_id, retracted)
SELECT i.id, :connector, true
FROM item AS i
JOIN subscription AS s ON s.id = i.subscription_id
JOIN customer AS c ON c.id = s.customer_id AND c.connector_id = :connector
WHERE c.external_id IN (SELECT external_id FROM stage_tombstone WHERE kind = 'customer')
   OR s.external_id IN (SELECT external_id FROM stage_tombstone WHERE kind = 'subscription')
ON CONFLICT (item_id) DO UPDATE SET retracted = excluded.retracted;
