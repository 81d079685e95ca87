-- The customers behind the figures of one period, before they are added up.

SELECT n.id, n.name, s.opened, s.closed, s.paid_before, s.opening, s.closing, s.closing_own
FROM $states AS s
JOIN named AS n ON n.customer_id = s.customer_id
WHERE s.period <= $period AND $period < s.until
  AND (s.opening <> s.closing OR s.closing <> s.closing_own OR s.opened <> s.closed)
ORDER BY n.id
