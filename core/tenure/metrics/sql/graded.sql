-- The items that have not ended, by connector and by the evidence of their point in force: how many,
-- and their MRR in the reporting currency; in their own where there is no rate.

SELECT source, evidence, paid_in, count(*) AS items, sum(mrr) AS mrr
FROM (
    SELECT i.source, i.evidence,
        CASE WHEN r.rate IS NULL THEN i.currency ELSE $home END AS paid_in,
        CASE WHEN r.rate IS NULL THEN i.level ELSE convert_at(i.level, r.rate) END AS mrr
    FROM (
        SELECT source, evidence, currency, state, $level AS level,
            row_number() OVER (PARTITION BY item_id ORDER BY effective_at DESC) AS place
        FROM point
    ) AS i
    LEFT JOIN rate_now AS r ON r.currency = i.currency
    WHERE i.place = 1 AND i.state <> 'ended'
) AS valued
GROUP BY source, evidence, paid_in
ORDER BY source, evidence, paid_in
