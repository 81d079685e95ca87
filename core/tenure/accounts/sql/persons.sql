CREATE TABLE person AS
SELECT c.customer, n.rank AS source, n.directory, n.name AS connector, c.external, t.email,
    coalesce(own.domain, mail.domain) AS domain, own.domain IS NOT NULL AS states
FROM found AS c
JOIN counted AS n ON n.name = c.connector
LEFT JOIN text_of AS t ON t.customer = c.customer
LEFT JOIN host AS own ON own.text = t.domain AND own.domain NOT IN (FROM shared)
LEFT JOIN host AS mail ON mail.text = split_part(t.email, '@', 2) AND mail.domain NOT IN (FROM shared);

-- What a connector without money states of subscriptions makes nobody one who pays.
DELETE FROM billed WHERE customer IN (SELECT customer FROM person WHERE directory);

CREATE TABLE member AS
SELECT customer, customer AS grp, NULL::VARCHAR AS rule FROM person;

CREATE TABLE issue (rule VARCHAR, customer BIGINT, key VARCHAR, claim VARCHAR);
CREATE TABLE candidate (rule VARCHAR, claim VARCHAR, customer BIGINT);
CREATE TABLE grp_name (grp BIGINT, name VARCHAR);
CREATE TABLE apart (customer BIGINT);
