-- Whether the file has rows that cannot be made anew from entries.
SELECT EXISTS (SELECT 1 FROM contact) OR EXISTS (SELECT 1 FROM consent) OR EXISTS (SELECT 1 FROM preference)
  OR EXISTS (SELECT 1 FROM behaviour) OR EXISTS (SELECT 1 FROM member_set) OR EXISTS (SELECT 1 FROM touch)
  OR EXISTS (SELECT 1 FROM template) OR EXISTS (SELECT 1 FROM link_settings) OR EXISTS (SELECT 1 FROM link)
  OR EXISTS (SELECT 1 FROM channel_account) OR EXISTS (SELECT 1 FROM touch_result)
  OR EXISTS (SELECT 1 FROM task)
