-- Person ?2 of programme ?1.
SELECT folded, id, name, language, suspended, roles, password_set_at, has_code, invited_until, invitation_waits, invited_by, invitation
FROM person_standing WHERE programme_no = ?1 AND folded = ?2
