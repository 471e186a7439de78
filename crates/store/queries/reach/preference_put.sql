-- Keeps preferences of member ?2 of programme ?1, the other columns in their order. ?10 is a JSON list
-- of what is told: the rest stays as it is.
INSERT INTO preference (programme_no, member_no, language, quiet_from, quiet_until, personalised, home_store, updated_at, updated_by)
VALUES (?1, ?2, ?3, ?4, ?5, coalesce(?6, 1), ?7, ?8, ?9)
ON CONFLICT (programme_no, member_no) DO UPDATE SET
  language = CASE WHEN 'language' IN (SELECT value FROM json_each(?10)) THEN excluded.language ELSE language END,
  quiet_from = CASE WHEN 'quiet_hours' IN (SELECT value FROM json_each(?10)) THEN excluded.quiet_from ELSE quiet_from END,
  quiet_until = CASE WHEN 'quiet_hours' IN (SELECT value FROM json_each(?10)) THEN excluded.quiet_until ELSE quiet_until END,
  personalised = CASE WHEN 'personalised' IN (SELECT value FROM json_each(?10)) THEN excluded.personalised ELSE personalised END,
  home_store = CASE WHEN 'home_store_id' IN (SELECT value FROM json_each(?10)) THEN excluded.home_store ELSE home_store END,
  updated_at = excluded.updated_at, updated_by = excluded.updated_by
RETURNING 1
