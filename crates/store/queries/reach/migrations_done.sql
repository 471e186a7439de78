-- The last migration of the second schema that was applied.
SELECT coalesce(max(number), 0) FROM reach_migration
