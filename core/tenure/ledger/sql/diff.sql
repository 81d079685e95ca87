-- Compare the stated timelines (lines) with the known ones and write only the difference
-- (metrics.md section 2, "knowledge only grows"). The same file serves the points of items and
-- the values of attributes; `$...` are names of columns and tables.
--
-- A line is stated as a whole; one without any instant is a retraction and none of this file's
-- business. Words, each at one instant of one line:
--   stated, known   the strength of the evidence on either side: observed 3, inferred 2, assumed 1
--   grade           how strongly the statement speaks there: its point in force, or its first one
--                   at an earlier instant (it says that nothing was there before)
--   keeps           the known row stays: a weaker statement contradicts it or leaves it out, or an
--                   incomplete statement leaves it out
--   ruler           the strength of the kept row that governs the instant; a stated row is blocked
--                   while nothing stated since that row is as strong as it

-- 1. Lines nobody knew: straight in.
INSERT INTO $table ($owner, $instant, $facts, recorded_at)
SELECT $line_owner, s.instant, $stated_facts, :stamp
FROM $lines AS l
JOIN $stated AS s ON s.line_no = l.no
WHERE $is_new
ORDER BY l.no, s.instant;

-- 2. Known lines that differ in any point.
INSERT INTO stage_changed (line_no)
SELECT l.no
FROM $lines AS l
JOIN $stated AS s ON s.line_no = l.no
LEFT JOIN $table AS k
    ON $same_line
   AND k.$instant = s.instant
   AND k.superseded_at IS NULL
   AND k.evidence = s.evidence
   AND $same_facts
WHERE NOT ($is_new)
GROUP BY l.no, $line_owner
HAVING count(*) <> count(k.id)
    OR count(*) <> (
        SELECT count(*) FROM $table AS k WHERE $same_line AND k.superseded_at IS NULL);

-- 3. What becomes of each of their points.
INSERT INTO stage_verdict (line_no, instant, known_id, closes, inserts, contradicts)
WITH pairs AS (
    SELECT l.no AS line_no, l.complete, s.instant, k.id AS known_id,
           $stated_strength AS stated, $known_strength AS known,
           CASE WHEN $same_facts THEN 1 ELSE 0 END AS agree
    FROM stage_changed AS c
    JOIN $lines AS l ON l.no = c.line_no
    JOIN $stated AS s ON s.line_no = l.no
    LEFT JOIN $table AS k ON $same_line AND k.$instant = s.instant AND k.superseded_at IS NULL
    UNION ALL
    SELECT l.no, l.complete, k.$instant, k.id, NULL, $known_strength, 0
    FROM stage_changed AS c
    JOIN $lines AS l ON l.no = c.line_no
    JOIN $table AS k ON $same_line AND k.superseded_at IS NULL
    LEFT JOIN $stated AS s ON s.line_no = l.no AND s.instant = k.$instant
    WHERE s.line_no IS NULL
),
stretches AS (
    SELECT *, count(stated) OVER (PARTITION BY line_no ORDER BY instant) AS stretch
    FROM pairs
),
graded AS (
    SELECT *, max(stated) OVER (
        PARTITION BY line_no, CASE WHEN stretch = 0 THEN 1 ELSE stretch END) AS grade
    FROM stretches
),
kept AS (
    SELECT *, CASE
        WHEN known IS NULL THEN 0
        WHEN stated IS NOT NULL THEN CASE WHEN known > stated THEN 1 ELSE 0 END
        WHEN complete = 0 OR known > grade THEN 1
        ELSE 0 END AS keeps
    FROM graded
),
reigns AS (
    SELECT *, sum(keeps) OVER (PARTITION BY line_no ORDER BY instant) AS reign
    FROM kept
),
ruled AS (
    SELECT *,
        max(CASE WHEN keeps = 1 THEN known END) OVER (
            PARTITION BY line_no, CASE WHEN reign = 0 THEN 1 ELSE reign END) AS ruler,
        max(CASE WHEN keeps = 0 THEN stated END) OVER (
            PARTITION BY line_no, reign ORDER BY instant) AS strongest
    FROM reigns
),
judged AS (
    SELECT *,
        CASE WHEN agree = 1 AND stated = known THEN 1 ELSE 0 END AS same,
        CASE WHEN keeps = 0 AND stated IS NOT NULL AND strongest < ruler THEN 1 ELSE 0
            END AS blocked
    FROM ruled
)
SELECT line_no, instant, known_id,
    CASE WHEN known IS NOT NULL AND keeps = 0 AND same = 0 AND blocked = 0 THEN 1 ELSE 0 END,
    CASE WHEN stated IS NOT NULL AND keeps = 0 AND same = 0 AND blocked = 0 THEN 1 ELSE 0 END,
    CASE WHEN keeps = 1 AND stated IS NOT NULL AND agree = 0 THEN 1
         WHEN keeps = 1 AND stated IS NULL AND complete = 1 THEN 1
         WHEN blocked = 1 AND same = 0 THEN 1
         ELSE 0 END
FROM judged;

-- 4. Close what is not true any more, then write what is.
UPDATE $table SET superseded_at = :stamp
WHERE id IN (SELECT known_id FROM stage_verdict WHERE closes = 1);

INSERT INTO $table ($owner, $instant, $facts, recorded_at)
SELECT $line_owner, s.instant, $stated_facts, :stamp
FROM stage_verdict AS v
JOIN $lines AS l ON l.no = v.line_no
JOIN $stated AS s ON s.line_no = v.line_no AND s.instant = v.instant
WHERE v.inserts = 1
ORDER BY v.line_no, v.instant;
