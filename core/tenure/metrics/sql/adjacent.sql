-- The states of every customer where each period opens as the one before closes: so cells are
-- periods. A state holds from `period` until before `until`: what is paid just before the period
-- opens and just before it closes, whether it was ever paid before, and (`turn`) when the customer
-- next pays if it does not at the opening. Work grows with the changes, not with the periods.

CREATE $kind raw_state AS
WITH pair AS (
    SELECT customer_id, cell AS period, level AS closing,
        lag(level, 1, 0) OVER w AS opening,
        lag(next_instant, 1, first_instant) OVER w AS turn,
        cell_of(first_instant) < cell AS paid_before,
        coalesce(lead(cell) OVER w, $end) AS next_period
    FROM cell
    WINDOW w AS (PARTITION BY customer_id ORDER BY cell)
)
SELECT customer_id, period, period + 1 AS until, opening, closing, paid_before, turn
FROM pair
WHERE period > 0 AND (opening > 0 OR closing > 0)
UNION ALL
SELECT customer_id, period + 1, next_period, closing, closing, TRUE, NULL
FROM pair
WHERE closing > 0 AND next_period > period + 1;
