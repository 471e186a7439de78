-- What member ?2 of programme ?1 said, the last recorded first, before number ?3, at most ?4: number,
-- purpose, channel, decision, when, source, evidence, when it was recorded and by whom, digest, and
-- whether it is said of the address that is kept now.
SELECT c.no, c.purpose, c.channel, c.decision, c.at, c.source, c.evidence, c.recorded_at, c.recorded_by, c.digest,
  c.decision = 'withdrawn' OR c.digest = '' OR c.digest = coalesce((
    SELECT k.digest FROM contact AS k WHERE k.programme_no = c.programme_no AND k.member_no = c.member_no AND k.channel = c.channel), '-')
FROM consent AS c WHERE c.programme_no = ?1 AND c.member_no = ?2 AND c.no < ?3 ORDER BY c.no DESC LIMIT (SELECT ?4)
