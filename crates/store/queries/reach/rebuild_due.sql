-- Programmes whose facts have to be made anew: number, up to which member they are.
SELECT programme_no, position FROM rebuild_due ORDER BY programme_no
