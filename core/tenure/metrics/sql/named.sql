-- What each payer is called: the id at its source, of an account the account's; the name where one
-- is stated, the newest first.

CREATE VIEW named AS
WITH called AS (
    SELECT y.payer_id, a.value,
        row_number() OVER (
            PARTITION BY y.payer_id
            ORDER BY y.rank, y.below, a.valid_from DESC, a.customer_id) AS place
    FROM known_attribute AS a
    JOIN payer AS y ON y.customer_id = a.customer_id
    WHERE a.name = 'name' AND a.value <> ''
),
ids AS (
    SELECT y.payer_id, c.external_id,
        row_number() OVER (PARTITION BY y.payer_id ORDER BY y.rank, y.below, c.customer_id) AS place
    FROM payer AS y
    JOIN known_customer AS c ON c.customer_id = y.customer_id
)
SELECT i.payer_id AS customer_id, i.external_id AS id, n.value AS name
FROM ids AS i
LEFT JOIN called AS n ON n.payer_id = i.payer_id AND n.place = 1
WHERE i.place = 1;
