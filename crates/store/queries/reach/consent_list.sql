-- What member ?2 of programme ?1 said, the last recorded first, before number ?3, at most ?4: number,
-- purpose, channel, decision, when, source, evidence, when it was recorded and by whom.
SELECT no, purpose, channel, decision, at, source, evidence, recorded_at, recorded_by
FROM consent WHERE programme_no = ?1 AND member_no = ?2 AND no < ?3 ORDER BY no DESC LIMIT (SELECT ?4)
