-- Attributes of a source that keeps no history. The value that is known already says nothing new;
-- the first one ever seen counts from the beginning, as assumed; another one from now on.

DELETE FROM stage_snapshot
WHERE no NOT IN (SELECT max(no) FROM stage_snapshot GROUP BY customer_id, name);

INSERT INTO customer_attribute (customer_id, name, value, valid_from, evidence, recorded_at)
SELECT s.customer_id, s.name, s.value,
    CASE WHEN k.id IS NULL THEN :beginning ELSE :stamp END,
    CASE WHEN k.id IS NULL THEN 'assumed' ELSE 'observed' END,
    :stamp
FROM stage_snapshot AS s
LEFT JOIN customer_attribute AS k
    ON k.customer_id = s.customer_id AND k.name = s.name AND k.superseded_at IS NULL
   AND k.valid_from = (
        SELECT max(m.valid_from) FROM customer_attribute AS m
        WHERE m.customer_id = s.customer_id AND m.name = s.name
          AND m.superseded_at IS NULL AND m.valid_from <= :stamp)
WHERE (k.id IS NULL AND s.value IS NOT NULL)
   OR (k.id IS NOT NULL AND k.value IS DISTINCT FROM s.value)
ORDER BY s.no;
