-- Who is pulled to whom by an equal $key. Those that speak best for a key are its companies:
-- customers of a connector without money, else those that state it themselves, else all. A key of
-- which one connector has two companies joins nobody. Otherwise the company of the first connector
-- leads, the companies of others join it as its peers, and so does everybody else with the key.

CREATE TABLE keyed AS
SELECT p.customer, m.grp, p.source, p.external, p.$key AS key,
    CASE WHEN p.directory THEN 1 WHEN $states THEN 2 ELSE 3 END AS tier
FROM person AS p
JOIN member AS m ON m.customer = p.customer
WHERE p.$key IS NOT NULL AND p.customer NOT IN (FROM apart)
  AND p.$key IN (
    SELECT $key FROM person WHERE customer NOT IN (FROM apart)
    GROUP BY $key HAVING min(source) <> max(source));

CREATE TABLE company AS
SELECT k.*
FROM keyed AS k
JOIN (SELECT key, min(tier) AS best FROM keyed GROUP BY key) AS b ON b.key = k.key AND b.best = k.tier;

CREATE TABLE crowd AS
SELECT key, source FROM company GROUP BY key, source HAVING min(grp) <> max(grp);

INSERT INTO candidate
SELECT DISTINCT '$rule', key, customer FROM company WHERE key IN (SELECT key FROM crowd);

INSERT INTO issue
SELECT '$rule', k.customer, k.key, k.key
FROM keyed AS k
LEFT JOIN crowd AS c ON c.key = k.key AND c.source = k.source
WHERE k.key IN (SELECT key FROM crowd)
  AND NOT (c.key IS NOT NULL AND k.tier < 3 AND k.customer IN (SELECT customer FROM company)
           AND k.customer NOT IN (FROM billed));

CREATE TABLE lead AS
SELECT key, min(source) AS source, arg_min(grp, source) AS grp,
    arg_min(customer, (source, external)) AS customer
FROM company
WHERE key NOT IN (SELECT key FROM crowd)
GROUP BY key;

CREATE TABLE company_source AS
SELECT DISTINCT key, source FROM company;

CREATE TABLE pull AS
SELECT k.customer AS follower, k.grp AS gf, l.customer AS company, l.grp AS gc, k.key,
    k.source AS p, s.key IS NOT NULL AS peer
FROM keyed AS k
JOIN lead AS l ON l.key = k.key
LEFT JOIN company_source AS s ON s.key = k.key AND s.source = k.source
LEFT JOIN company AS c ON c.customer = k.customer
WHERE k.source <> l.source AND k.grp <> l.grp AND (s.key IS NULL OR c.customer IS NOT NULL);

CREATE TABLE pull_source AS
SELECT DISTINCT p.gf, p.gc, s.source AS q
FROM pull AS p
JOIN company_source AS s ON s.key = p.key
WHERE NOT (p.peer AND s.source = p.p);
