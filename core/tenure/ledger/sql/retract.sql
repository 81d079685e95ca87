-- Items with a point in force that the pull says never existed: said so, or left out by a pull
-- that read everything there is. Of somebody forgotten no pull says anything.

INSERT INTO stage_retract (item_id)
SELECT DISTINCT p.item_id
FROM point AS p
JOIN customer AS c ON c.id = p.customer_id
LEFT JOIN pull_item AS said ON said.item_id = p.item_id
WHERE p.superseded_at IS NULL
  AND c.connector_id = :connector
  AND c.erased_at IS NULL
  AND (said.retracted OR (:everything AND said.item_id IS NULL));
