-- The end of a pull: what never existed is closed, and the pull's own memory is emptied.

UPDATE point SET superseded_at = :stamp
WHERE superseded_at IS NULL AND item_id IN (SELECT item_id FROM stage_retract);

DELETE FROM pull_item WHERE connector_id = :connector;
