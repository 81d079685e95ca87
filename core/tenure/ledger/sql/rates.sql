-- Exchange rates: a stated day that differs is closed and written anew; days not stated stay.

UPDATE rate SET superseded_at = :stamp
WHERE superseded_at IS NULL
  AND EXISTS (
    SELECT 1 FROM stage_rate AS s
    WHERE s.reporting = rate.reporting AND s.currency = rate.currency AND s.day = rate.day
      AND s.rate <> rate.rate);

INSERT INTO rate (reporting, currency, day, rate, source_ref, recorded_at)
SELECT s.reporting, s.currency, s.day, s.rate, s.source_ref, :stamp
FROM stage_rate AS s
LEFT JOIN rate AS k
    ON k.reporting = s.reporting AND k.currency = s.currency AND k.day = s.day
   AND k.superseded_at IS NULL
WHERE k.id IS NULL
ORDER BY s.reporting, s.currency, s.day;
