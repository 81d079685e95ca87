-- Which pulls are followed. Nobody is pulled who is with a customer of that connector already, or
-- who has another account in the map. Who is pulled to two of one connector is ambiguous.

CREATE TABLE grp_source AS
SELECT DISTINCT m.grp, p.source
FROM member AS m
JOIN person AS p ON p.customer = m.customer
WHERE m.grp IN (SELECT gf FROM pull UNION ALL SELECT gc FROM pull);

CREATE TABLE settled AS
SELECT s.gf, s.gc FROM pull_source AS s JOIN grp_source AS g ON g.grp = s.gf AND g.source = s.q
UNION
SELECT p.gf, p.gc FROM pull AS p JOIN grp_source AS g ON g.grp = p.gc AND g.source = p.p WHERE p.peer
UNION
SELECT p.gf, p.gc FROM pull AS p
JOIN grp_name AS f ON f.grp = p.gf JOIN grp_name AS c ON c.grp = p.gc;

CREATE TABLE open_pull AS
SELECT * FROM pull AS p
WHERE NOT EXISTS (SELECT 1 FROM settled AS s WHERE s.gf = p.gf AND s.gc = p.gc);

CREATE TABLE torn AS
SELECT DISTINCT grp
FROM (
    SELECT s.gf AS grp, s.q AS source, s.gc AS other
    FROM pull_source AS s
    JOIN open_pull AS p ON p.gf = s.gf AND p.gc = s.gc
    UNION ALL
    SELECT gc, p, gf FROM open_pull WHERE peer
) AS pulled
GROUP BY grp, source
HAVING min(other) <> max(other);

CREATE TABLE edge AS
SELECT DISTINCT gf AS a, gc AS b FROM open_pull
WHERE gf NOT IN (FROM torn) AND NOT (peer AND gc IN (FROM torn));
