-- Version ?2 of the rulebook of programme ?1.
SELECT document FROM rulebook WHERE programme_no = ?1 AND version = ?2
