-- All who may pay, each valued in the one period there is: now.

CREATE TABLE everyone AS
SELECT DISTINCT payer_id AS customer_id, 1 AS period FROM payer;

CREATE TABLE foreign_customer AS
SELECT DISTINCT customer_id FROM point WHERE currency <> $home AND $level > 0;
