-- Exchange rates: a stated day that differs is closed and written anew, one without a rate is
-- only closed; days not stated stay.

UPDATE rate SET superseded_at = :stamp
WHERE id IN (
    SELECT k.id
    FROM stage_rate AS s
    JOIN rate AS k
        ON k.reporting = s.reporting AND k.currency = s.currency AND k.day = s.day
       AND k.superseded_at IS NULL
    WHERE s.rate IS NULL OR s.rate <> k.rate);

INSERT INTO rate (reporting, currency, day, rate, source_ref, recorded_at)
SELECT s.reporting, s.currency, s.day, s.rate, s.source_ref, :stamp
FROM stage_rate AS s
LEFT JOIN rate AS k
    ON k.reporting = s.reporting AND k.currency = s.currency AND k.day = s.day
   AND k.superseded_at IS NULL
WHERE k.id IS NULL AND s.rate IS NOT NULL
ORDER BY s.reporting, s.currency, s.day;
