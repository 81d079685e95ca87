-- Who is pulled to whom by an attribute that holds ids of other connectors' customers. The company is
-- whoever names the id, unless the named one alone is a customer of a connector without money.

CREATE TABLE named AS
SELECT DISTINCT customer, trim(id) AS id
FROM (SELECT customer, unnest(string_split(value, ';')) AS id FROM latest WHERE name = $name) AS ids
WHERE trim(id) <> '';

CREATE TABLE naming AS
SELECT n.id, a.customer AS namer, b.customer AS target, b.directory AND NOT a.directory AS turned
FROM named AS n
JOIN person AS a ON a.customer = n.customer
JOIN person AS b ON b.external = n.id AND b.source <> a.source
WHERE a.customer NOT IN (FROM apart) AND b.customer NOT IN (FROM apart);

CREATE TABLE pull AS
SELECT f.customer AS follower, f.grp AS gf, c.customer AS company, c.grp AS gc, n.id AS key,
    p.source AS p, FALSE AS peer, q.source AS q
FROM naming AS n
JOIN member AS f ON f.customer = CASE WHEN n.turned THEN n.namer ELSE n.target END
JOIN member AS c ON c.customer = CASE WHEN n.turned THEN n.target ELSE n.namer END
JOIN person AS p ON p.customer = f.customer
JOIN person AS q ON q.customer = c.customer
WHERE f.grp <> c.grp;

CREATE TABLE pull_source AS
SELECT DISTINCT gf, gc, q FROM pull;

INSERT INTO issue
SELECT $rule, n.customer, n.id, ''
FROM named AS n
JOIN person AS a ON a.customer = n.customer
WHERE NOT EXISTS (SELECT 1 FROM person AS b WHERE b.external = n.id AND b.source <> a.source);
