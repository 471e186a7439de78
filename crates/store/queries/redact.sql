-- Takes the free texts out of all entries of member ?2 of programme ?1, who was erased, and of the
-- accounts that became part of it: why something was done, and what was shown for it. The entry
-- that erased says nothing of a person, and stays. Nothing is left to do a second time.
UPDATE entry SET texts = NULL
WHERE member_no IN (
    SELECT own.no FROM member AS own WHERE own.programme_no = ?1 AND own.id = ?2 AND own.state ->> '$.closed' = ''
    UNION ALL
    SELECT was.no FROM member AS own
    CROSS JOIN alias AS a ON a.member_no = own.no AND a.alias LIKE 'id:%'
    CROSS JOIN member AS was ON was.programme_no = ?1 AND was.id = substr(a.alias, 4)
    WHERE own.programme_no = ?1 AND own.id = ?2 AND own.state ->> '$.closed' = '' AND was.state ->> '$.closed' IS NOT NULL
  )
  AND kind <> 'erase' AND texts IS NOT NULL
RETURNING no
