-- The last row of the log of programme ?1 that is sealed, or 0; and the last row.
SELECT coalesce((SELECT max(no) FROM audit_seal WHERE programme_no = ?1), 0), coalesce((SELECT max(no) FROM audit_log WHERE programme_no = ?1), 0)
