-- Keeps the preferences of member ?2 of programme ?1, the other columns in their order.
INSERT INTO preference (programme_no, member_no, language, quiet_from, quiet_until, personalised, home_store, updated_at, updated_by)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
ON CONFLICT (programme_no, member_no) DO UPDATE SET language = excluded.language, quiet_from = excluded.quiet_from,
  quiet_until = excluded.quiet_until, personalised = excluded.personalised, home_store = excluded.home_store, updated_at = excluded.updated_at,
  updated_by = excluded.updated_by
RETURNING 1
