-- An attempt was none: ?1 [[programme number, subject], …] as in failed_sign_in. The wait that it
-- caused is over, but not that of an address: somebody there may have guessed at others.
UPDATE failed_sign_in SET failures = failures - 1, last_at = last_at - CASE WHEN programme_no <> 0 AND locked_until > last_at THEN 900000 ELSE 0 END
WHERE (programme_no, subject) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?1))
