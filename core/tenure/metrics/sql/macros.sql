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

-- A level at a rate of 10 decimal places (an integer), half to even: level x rate / 10^10. Level and
-- rate are split so that only the whole part needs more than 63 bits.
CREATE MACRO convert_parts(low, rate) AS  -- what the last 10 digits of a level give, times 10^10
    ((low * ((rate % 10000000000) // 100000)) % 100000) * 100000
    + low * ((rate % 10000000000) % 100000);

CREATE MACRO convert_whole(level, rate) AS
    (level // 10000000000)::$money * rate::$money
    + (level % 10000000000) * (rate // 10000000000)
    + ((level % 10000000000) * ((rate % 10000000000) // 100000)) // 100000
    + convert_parts(level % 10000000000, rate) // 10000000000;

CREATE MACRO convert_at(level, rate) AS
    convert_whole(level, rate) + CASE
        WHEN convert_parts(level % 10000000000, rate) % 10000000000 > 5000000000 THEN 1
        WHEN convert_parts(level % 10000000000, rate) % 10000000000 < 5000000000 THEN 0
        ELSE convert_whole(level, rate) % 2 END;
