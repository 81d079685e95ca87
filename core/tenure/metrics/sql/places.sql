-- In which cell an instant lies: how many of the bounds are not after it. A decision tree over the
-- bounds, since a join with the few cells costs six times as much.
CREATE MACRO cell_of(instant) AS $cell_of;

-- The first period that opens after an instant.
CREATE MACRO first_opening(instant) AS $first_opening;

-- The first period that closes after an instant.
CREATE MACRO first_closing(instant) AS $first_closing;
