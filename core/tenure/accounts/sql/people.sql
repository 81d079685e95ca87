-- Who there is: every customer of the connectors in plugins.toml with what may join it to others.
-- `directory` is a customer of a connector without money, `states` one that states a domain itself;
-- others have the domain of their e-mail. Domains come normalised (`host`), shared ones are none.

CREATE TABLE latest AS
SELECT customer, name, arg_max(value, valid_from) AS value
FROM stated
GROUP BY customer, name
HAVING arg_max(value, valid_from) <> '';

CREATE TABLE text_of AS
SELECT customer,
    max(CASE WHEN name = 'email' AND regexp_full_match(trim(value), '[^@\s]+@[^@\s]+')
        THEN lower(trim(value)) END) AS email,
    max(CASE WHEN name = 'domain' THEN lower(trim(value)) END) AS domain
FROM latest
WHERE name IN ('email', 'domain')
GROUP BY customer;

-- Most texts are domains as they stand; of the others Python says which they mean.
CREATE TABLE host_text AS
SELECT text, regexp_full_match(text, '([a-z0-9_-]+\.)+[a-z][a-z0-9-]*') AND NOT starts_with(text, 'www.')
    AS is_plain
FROM (SELECT domain AS text FROM text_of UNION SELECT split_part(email, '@', 2) FROM text_of) AS texts
WHERE text IS NOT NULL;

CREATE TABLE host AS SELECT text, text AS domain FROM host_text WHERE is_plain;
