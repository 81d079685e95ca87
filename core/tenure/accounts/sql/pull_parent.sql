-- Companies roll up into the parent that they state. Whom the map gives an account does not.

CREATE TABLE edge AS
SELECT c.grp AS a, u.grp AS b
FROM latest AS l
JOIN person AS p ON p.customer = l.customer
JOIN person AS o ON o.source = p.source AND o.external = trim(l.value)
JOIN member AS c ON c.customer = p.customer
JOIN member AS u ON u.customer = o.customer
WHERE l.name = 'parent' AND p.customer <> o.customer
  AND p.customer NOT IN (SELECT customer FROM mapped WHERE customer IS NOT NULL AND NOT lost)
  AND p.customer NOT IN (FROM apart) AND o.customer NOT IN (FROM apart);
