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
