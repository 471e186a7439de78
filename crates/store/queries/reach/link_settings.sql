-- Hosts and address of links of programme ?1, with when and by whom they were told.
SELECT hosts, base, updated_at, updated_by FROM link_settings WHERE programme_no = ?1
