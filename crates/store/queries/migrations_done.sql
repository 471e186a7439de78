-- The last migration that was applied.
SELECT coalesce(max(number), 0) FROM migration
