-- A past due item counts 0 from $grace microseconds after it fell past due: a change of its own.

CREATE TABLE lapse AS
SELECT *, state_since + $grace AS lapses_at
FROM (
    SELECT *, lead(effective_at) OVER (PARTITION BY item_id ORDER BY effective_at) AS next_at
    FROM point
)
WHERE state = 'past_due';

UPDATE point SET state = 'lapsed'
WHERE state = 'past_due' AND state_since + $grace <= effective_at;

INSERT INTO point
SELECT * EXCLUDE (next_at, lapses_at) REPLACE (lapses_at AS effective_at, 'lapsed' AS state)
FROM lapse
WHERE effective_at < lapses_at AND lapses_at <= $now AND (next_at IS NULL OR lapses_at < next_at);
