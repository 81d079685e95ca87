-- Each account's name: the map's, else that of the customer it is built around: a company before who
-- only pays, in the order of plugins.toml, a parent before its children.

CREATE TABLE several AS
SELECT grp FROM member GROUP BY grp HAVING count(*) > 1
UNION
SELECT grp FROM grp_name;

CREATE TABLE link AS
SELECT m.customer, coalesce(n.name, first_value(p.connector || '/' || p.external) OVER (
        PARTITION BY m.grp
        ORDER BY p.directory DESC, p.source, h.customer IS NOT NULL, p.external)) AS account,
    m.rule
FROM member AS m
JOIN several AS s ON s.grp = m.grp
JOIN person AS p ON p.customer = m.customer
LEFT JOIN (SELECT DISTINCT customer FROM latest WHERE name = 'parent') AS h ON h.customer = m.customer
LEFT JOIN grp_name AS n ON n.grp = m.grp;

-- What is still open: nobody asked for is in the customer's account, or all of them are.
CREATE TABLE claimed AS
SELECT c.rule, c.claim, m.grp, count(*) AS members
FROM candidate AS c
JOIN member AS m ON m.customer = c.customer
GROUP BY c.rule, c.claim, m.grp;

CREATE TABLE ambiguous AS
SELECT i.rule, i.customer, i.key, i.claim
FROM issue AS i
JOIN member AS m ON m.customer = i.customer
LEFT JOIN claimed AS g ON g.rule = i.rule AND g.claim = i.claim AND g.grp = m.grp
LEFT JOIN candidate AS self
    ON self.rule = i.rule AND self.claim = i.claim AND self.customer = i.customer
WHERE i.claim <> '' AND coalesce(g.members, 0) - CASE WHEN self.customer IS NULL THEN 0 ELSE 1 END <= 0;

-- Who pays, or ever did, and is with nobody of another connector; and who names an id that nobody has.
CREATE TABLE unmatched AS
SELECT m.customer
FROM member AS m
WHERE m.customer NOT IN (SELECT customer FROM ambiguous)
  AND ((m.customer IN (FROM billed)
        AND m.grp IN (
            SELECT m.grp FROM member AS m JOIN person AS p ON p.customer = m.customer
            GROUP BY m.grp HAVING min(p.source) = max(p.source)))
    OR m.customer IN (SELECT customer FROM issue WHERE claim = ''));
