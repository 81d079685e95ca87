-- Who joined when: every customer in the period of its first paid instant (`turn`), in the shape of
-- a state.

CREATE TABLE joined AS
SELECT customer_id, cell AS period, cell + 1 AS until, FALSE AS opened, 0 AS opening, turn
FROM cell
WHERE cell > 0 AND NOT paid_before;
