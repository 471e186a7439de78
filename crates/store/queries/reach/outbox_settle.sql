-- What became of messages of a channel; columns of the view.
INSERT INTO outbox_settle VALUES (?1, ?2, ?3) RETURNING channel
