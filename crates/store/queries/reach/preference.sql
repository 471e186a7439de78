-- The preferences of member ?2 of programme ?1.
SELECT language, quiet_from, quiet_until, personalised, home_store, updated_at FROM preference WHERE programme_no = ?1 AND member_no = ?2
