-- Whether readers wait for the writer: not in the mode wal.
SELECT journal_mode FROM pragma_journal_mode
