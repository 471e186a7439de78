-- What is left of consents of erased persons, of the address with digest ?3 by channel ?2 in programme
-- ?1, the last first, at most ?4: purpose, decision, when, source, until when it is kept.
SELECT purpose, decision, at, source, until FROM consent_proof
WHERE programme_no = ?1 AND channel = ?2 AND digest = ?3 ORDER BY at DESC LIMIT (SELECT ?4)
