-- Groups become one, under the smallest number; who was alone until now is there by this rule.

CREATE TABLE regrouped AS
SELECT m.customer, coalesce(l.label, m.grp) AS grp,
    CASE WHEN m.rule IS NULL AND l.label IS NOT NULL THEN $rule ELSE m.rule END AS rule
FROM member AS m
LEFT JOIN label AS l ON l.node = m.grp;

CREATE TABLE renamed AS
SELECT DISTINCT coalesce(l.label, n.grp) AS grp, n.name
FROM grp_name AS n
LEFT JOIN label AS l ON l.node = n.grp;
