-- In programme ?1 no walk begins before ?2, by version ?3 of its rulebook.
INSERT INTO touch_rest (programme_no, until, rulebook_version) VALUES (?1, ?2, ?3)
ON CONFLICT (programme_no) DO UPDATE SET until = excluded.until, rulebook_version = excluded.rulebook_version
