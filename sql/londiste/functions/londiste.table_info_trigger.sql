-- londiste.table_info_trigger()
--
-- Trigger of londiste.table_info: a table that is no longer registered writes to the queue no more.
--
-- Returns: the row.
-- Tables written: none (drops triggers).
create function londiste.table_info_trigger()
returns trigger
language plpgsql
as $$
begin
    perform londiste.drop_table_triggers(old.queue_name, old.table_name);
    return old;
end;
$$;
