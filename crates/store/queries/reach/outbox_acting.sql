-- Programmes with touches that only act and are due at ?1.
SELECT DISTINCT programme_no FROM outbox WHERE channel = '' AND due_at <= ?1
