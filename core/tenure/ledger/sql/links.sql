-- Who is the same customer: a link that changed is closed and written anew, one without an account is
-- only closed. Stated as everything, a link that is not stated any more is closed, too.

INSERT INTO account (external_id, recorded_at)
SELECT DISTINCT s.account, :stamp
FROM stage_link AS s
LEFT JOIN account AS k ON k.external_id = s.account
WHERE k.id IS NULL AND s.account IS NOT NULL
ORDER BY s.account;

UPDATE account_link SET superseded_at = :stamp
WHERE superseded_at IS NULL
  AND customer_id IN (
    SELECT customer_id FROM stage_link
    UNION ALL
    SELECT customer_id FROM account_link WHERE :everything AND superseded_at IS NULL)
  AND NOT EXISTS (
    SELECT 1 FROM stage_link AS s
    JOIN account AS a ON a.external_id = s.account
    WHERE s.customer_id = account_link.customer_id
      AND a.id = account_link.account_id AND s.rule = account_link.rule);

INSERT INTO account_link (customer_id, account_id, rule, recorded_at)
SELECT s.customer_id, a.id, s.rule, :stamp
FROM stage_link AS s
JOIN account AS a ON a.external_id = s.account
LEFT JOIN account_link AS k ON k.customer_id = s.customer_id AND k.superseded_at IS NULL
WHERE k.id IS NULL
ORDER BY s.customer_id;
