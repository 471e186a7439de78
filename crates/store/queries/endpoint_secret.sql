-- What events of endpoint ?2 of programme ?1 are signed with, as it is stored.
SELECT secret FROM endpoint WHERE programme_no = ?1 AND id = ?2
