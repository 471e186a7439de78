-- What a message costs at the accounts of programme ?1: of each channel those first that send.
SELECT channel, message_cost_minor FROM channel_account WHERE programme_no = ?1
ORDER BY paused_because IS NOT NULL, rank, no
