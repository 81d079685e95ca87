-- A chain of pulls that would join two of one connector, or two accounts of the map, is followed
-- nowhere: which of its links is wrong cannot be told.

CREATE TABLE part AS
SELECT DISTINCT l.label, e.grp
FROM (SELECT a AS grp FROM edge UNION ALL SELECT b FROM edge) AS e
JOIN label AS l ON l.node = e.grp;

CREATE TABLE knotted AS
SELECT label
FROM (
    SELECT t.label, s.q, g.grp
    FROM part AS t
    JOIN grp_source AS g ON g.grp = t.grp
    JOIN (
        SELECT l.label, s.q
        FROM pull_source AS s
        JOIN edge AS e ON e.a = s.gf AND e.b = s.gc
        JOIN label AS l ON l.node = e.a
        UNION
        SELECT l.label, p.p
        FROM open_pull AS p
        JOIN edge AS e ON e.a = p.gf AND e.b = p.gc
        JOIN label AS l ON l.node = e.a
        WHERE p.peer
    ) AS s ON s.label = t.label AND s.q = g.source
) AS met
GROUP BY label, q
HAVING min(grp) <> max(grp)
UNION
SELECT t.label FROM part AS t JOIN grp_name AS n ON n.grp = t.grp
GROUP BY t.label HAVING min(n.name) <> max(n.name);

INSERT INTO torn
SELECT grp FROM part WHERE label IN (FROM knotted) AND grp NOT IN (FROM torn);

INSERT INTO issue
SELECT DISTINCT $rule, follower, key, 'g' || gf
FROM open_pull
WHERE gf IN (FROM torn) OR (peer AND gc IN (FROM torn));

INSERT INTO candidate
SELECT DISTINCT $rule, 'g' || gf, company
FROM open_pull
WHERE gf IN (FROM torn) OR (peer AND gc IN (FROM torn));

DELETE FROM label WHERE label IN (FROM knotted);
