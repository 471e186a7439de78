-- Makes a task once for a touch: programme ?1, touch ?2, strategy ?3, member ?4, the staff or software that
-- is asked ?5 and ?6, title ?7, text ?8, when ?9, due at ?10.
INSERT INTO task (no, programme_no, touch_no, source, member_no, to_kind, to_name, title, text, made_at, due_at, state)
SELECT 1 + coalesce((SELECT max(no) FROM task), 0), ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 'open'
WHERE true
ON CONFLICT DO NOTHING
RETURNING no
