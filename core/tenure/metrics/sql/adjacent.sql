-- The states of every customer where each period opens as the one before closes: so cells are
-- periods. A state holds from `period` until before `until`: what is paid just before the period
-- opens and just before it closes, whether it was ever paid before, and (`turn`) when the customer
-- next pays if it does not at the opening. Work grows with the changes, not with the periods.

CREATE VIEW changed AS  -- period 0: what came before the first one
SELECT customer_id, cell AS period, cell + 1 AS until, opening, closing,
    paid_before, turn
FROM cell;

CREATE VIEW changed_state AS
SELECT customer_id, period, until, opening > 0 AS opened, closing > 0 AS closed, paid_before, turn,
    opening, closing, closing AS closing_own
FROM changed;

CREATE $kind raw_state AS
SELECT customer_id, period, until, opening, closing, paid_before, turn
FROM changed
WHERE period > 0
UNION ALL
SELECT customer_id, cell + 1, least(next_cell, $end), closing, closing, TRUE, NULL
FROM cell
WHERE closing > 0 AND least(next_cell, $end) > cell + 1;
