-- What counts of what member ?2 of programme ?1 said: purpose, channel, decision, when.
SELECT purpose, channel, decision, at FROM consent_standing WHERE programme_no = ?1 AND member_no = ?2 ORDER BY purpose, channel
