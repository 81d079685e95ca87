-- The MRR in force just before an instant, by the evidence it rests on and its currency.

SELECT evidence, currency, sum(level) AS mrr
FROM (
    SELECT evidence, currency, $level AS level,
        row_number() OVER (PARTITION BY item_id ORDER BY effective_at DESC) AS place
    FROM point
    WHERE effective_at < $opens
) AS known
WHERE place = 1
GROUP BY evidence, currency
ORDER BY evidence, currency
