-- Import ?2 of programme ?1 has all its rows and waits; ?3 is what was found in the file.
UPDATE import SET state = 'waiting', report = ?3 WHERE programme_no = ?1 AND id = ?2 AND state = 'staging'
