-- Whose gaps may be held: customers with an item that ends and one that goes on within the tolerance.
-- All others need no look at single instants.

CREATE TABLE gap_customer AS
SELECT DISTINCT e.customer_id
FROM (SELECT customer_id, effective_at AS instant FROM point WHERE state = 'ended') AS e
JOIN (SELECT customer_id, effective_at AS instant FROM point WHERE state <> 'ended') AS r
    ON r.customer_id = e.customer_id
   AND r.instant > e.instant AND r.instant <= e.instant + $tolerance;

CREATE TABLE gap_point AS
SELECT p.*
FROM point AS p
JOIN gap_customer AS g ON g.customer_id = p.customer_id;
