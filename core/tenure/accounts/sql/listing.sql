-- What people see: everybody who is linked or open, with the account's name and the state of each.

CREATE TABLE shown AS
SELECT p.customer, p.source, p.connector, p.external, l.rule, k.recorded_at AS since,
    coalesce(l.account, p.connector || '/' || p.external) AS account,
    CASE WHEN a.customer IS NOT NULL THEN 2 WHEN u.customer IS NOT NULL THEN 1 ELSE 0 END AS state
FROM person AS p
LEFT JOIN link AS l ON l.customer = p.customer
LEFT JOIN known AS k ON k.customer = p.customer AND k.account = l.account AND k.rule = l.rule
LEFT JOIN (SELECT DISTINCT customer FROM ambiguous) AS a ON a.customer = p.customer
LEFT JOIN unmatched AS u ON u.customer = p.customer
WHERE l.customer IS NOT NULL OR a.customer IS NOT NULL OR u.customer IS NOT NULL;

CREATE TABLE listed AS
SELECT account, max(state) AS state FROM shown GROUP BY account;

-- Whom a claim is about, the first few of them by name.
CREATE TABLE asked_for AS
SELECT c.rule, c.claim, count(*) AS candidates,
    list_slice(list(p.connector || '/' || p.external ORDER BY p.source, p.external), 1, 4) AS names,
    list_slice(list(coalesce(n.name, '') ORDER BY p.source, p.external), 1, 4) AS called
FROM candidate AS c
JOIN person AS p ON p.customer = c.customer
LEFT JOIN called AS n ON n.id = p.connector || '/' || p.external
GROUP BY c.rule, c.claim;

CREATE VIEW reason AS
SELECT a.customer, a.rule, a.key, c.candidates, c.names, c.called
FROM ambiguous AS a
JOIN asked_for AS c ON c.rule = a.rule AND c.claim = a.claim
UNION ALL
SELECT customer, rule, key, 0, [], [] FROM issue WHERE claim = ''
UNION ALL
SELECT u.customer, NULL, coalesce(p.domain, p.email, split_part(t.email, '@', 2), t.domain), 0, [], []
FROM unmatched AS u
JOIN person AS p ON p.customer = u.customer
LEFT JOIN text_of AS t ON t.customer = u.customer
WHERE u.customer NOT IN (SELECT customer FROM issue WHERE claim = '');
