-- The one rounding rule: amount x numerator / denominator, half to even. The amount is divided
-- before it is multiplied, so that nothing passes 63 bits on the way.

CREATE MACRO whole_part(amount, numerator, denominator) AS
    (amount // denominator) * numerator + ((amount % denominator) * numerator) // denominator;

CREATE MACRO rest_part(amount, numerator, denominator) AS
    ((amount % denominator) * numerator) % denominator;

CREATE MACRO half_even(amount, numerator, denominator) AS
    whole_part(amount, numerator, denominator) + CASE
        WHEN 2 * rest_part(amount, numerator, denominator) > denominator THEN 1
        WHEN 2 * rest_part(amount, numerator, denominator) < denominator THEN 0
        ELSE whole_part(amount, numerator, denominator) % 2 END;

-- The number of the period that an instant falls into: 1 is the first, 0 is before it. A decision
-- tree over the boundaries, since a join with the few periods costs six times as much.
CREATE MACRO period_of(instant) AS $period_of;
