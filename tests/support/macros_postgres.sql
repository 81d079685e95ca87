-- What sql/macros.sql defines, for PostgreSQL: exact without splitting, since numeric has no end.

CREATE FUNCTION half_even(amount numeric, numerator numeric, denominator numeric) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
    SELECT div(product, denominator) + CASE
        WHEN 2 * mod(product, denominator) > denominator THEN 1
        WHEN 2 * mod(product, denominator) < denominator THEN 0
        ELSE mod(div(product, denominator), 2) END
    FROM (SELECT amount * numerator AS product) AS exact
$$;

CREATE FUNCTION convert_at(level numeric, rate numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE AS $$
    SELECT div(product, 10000000000) + CASE
        WHEN mod(product, 10000000000) > 5000000000 THEN 1
        WHEN mod(product, 10000000000) < 5000000000 THEN 0
        ELSE mod(div(product, 10000000000), 2) END
    FROM (SELECT level * rate AS product) AS exact
$$;
