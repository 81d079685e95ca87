-- Tombstones: every item of the customer or subscription never existed, unless it was stated after
-- its last tombstone. Nor are such a customer's attributes true: whom it was merged into has them.

INSERT INTO pull_item (item_id, connector_id, retracted)
WITH named AS (
    SELECT t.no, i.id
    FROM stage_tombstone AS t
    JOIN customer AS c ON c.connector_id = :connector AND c.external_id = t.external_id
    JOIN subscription AS s ON s.customer_id = c.id
    JOIN item AS i ON i.subscription_id = s.id
    WHERE t.kind = 'customer'
    UNION ALL
    SELECT t.no, i.id
    FROM stage_tombstone AS t
    JOIN subscription AS s ON s.external_id = t.external_id
    JOIN customer AS c ON c.id = s.customer_id AND c.connector_id = :connector
    JOIN item AS i ON i.subscription_id = s.id
    WHERE t.kind = 'subscription'
)
SELECT n.id, :connector, true
FROM named AS n
LEFT JOIN stage_item AS l ON l.item_id = n.id
WHERE true
GROUP BY n.id
HAVING max(n.no) > coalesce(max(l.no), 0)
ON CONFLICT (item_id) DO UPDATE SET retracted = excluded.retracted;

UPDATE customer_attribute SET superseded_at = :stamp
WHERE superseded_at IS NULL
  AND customer_id IN (
    SELECT c.id
    FROM stage_tombstone AS t
    JOIN customer AS c ON c.connector_id = :connector AND c.external_id = t.external_id
    LEFT JOIN stage_customer AS s ON s.customer_id = c.id
    WHERE t.kind = 'customer'
    GROUP BY c.id
    HAVING max(t.no) > coalesce(max(s.no), 0));
