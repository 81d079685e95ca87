-- What is kept beside the facts: observations and raw chunks once per content, quarantined rows
-- known again by their fingerprint wherever they stand now.

INSERT INTO observation (connector_id, kind, subject, key, at, data, recorded_at)
SELECT :connector, s.kind, s.subject, s.key, s.at, s.data, :stamp
FROM stage_observation AS s
WHERE true
ORDER BY s.no
ON CONFLICT (connector_id, kind, subject, key) DO NOTHING;

INSERT INTO raw_object (connector_id, name, position, content_hash, size, data, recorded_at)
SELECT :connector, s.name, s.position, s.content_hash, s.size, s.data, :stamp
FROM stage_raw AS s
WHERE true
ORDER BY s.no
ON CONFLICT (connector_id, name, position, content_hash) DO UPDATE SET
    data = excluded.data, recorded_at = excluded.recorded_at, deleted_at = NULL
WHERE raw_object.deleted_at IS NOT NULL;

INSERT INTO quarantine (connector_id, fingerprint, source_ref, "column", reason, raw, rows,
                        pull_started_at, recorded_at)
SELECT :connector, s.fingerprint, s.source_ref, s."column", s.reason, s.raw, n.rows,
       :pull, :stamp
FROM (SELECT min(no) AS no, sum(rows) AS rows FROM stage_quarantine GROUP BY fingerprint) AS n
JOIN stage_quarantine AS s ON s.no = n.no
ORDER BY s.no
ON CONFLICT (connector_id, fingerprint) DO UPDATE SET
    source_ref = excluded.source_ref,
    rows = excluded.rows + CASE
        WHEN quarantine.pull_started_at = excluded.pull_started_at THEN quarantine.rows ELSE 0 END,
    pull_started_at = excluded.pull_started_at,
    resolved_at = NULL;

-- The pull's own memory: which items it stated, and which it said never existed: by no point at
-- all, or by leaving them out of their subscription.
INSERT INTO pull_item (item_id, connector_id, retracted)
SELECT i.item_id, :connector,
       i.complete = 1 AND NOT EXISTS (SELECT 1 FROM stage_point AS p WHERE p.line_no = i.no)
FROM stage_item AS i
WHERE true
ON CONFLICT (item_id) DO UPDATE SET retracted = excluded.retracted;

INSERT INTO pull_item (item_id, connector_id, retracted)
SELECT i.id, :connector, true
FROM item AS i
WHERE i.subscription_id IN (SELECT subscription_id FROM stage_subscription)
  AND i.id NOT IN (SELECT item_id FROM stage_item)
ON CONFLICT (item_id) DO UPDATE SET retracted = excluded.retracted;

-- Subscriptions that somebody forgotten has had since: what is said of them is left out from now on.
INSERT INTO erased_id (connector_id, token)
SELECT DISTINCT :connector, f.token
FROM stage_forgotten AS f
JOIN observation AS o ON o.connector_id = :connector AND o.subject = f.subject
WHERE true
ON CONFLICT (connector_id, token) DO NOTHING;

DELETE FROM observation
WHERE connector_id = :connector AND subject IN (SELECT subject FROM stage_forgotten);
