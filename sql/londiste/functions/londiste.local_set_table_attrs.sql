-- londiste.local_set_table_attrs(i_queue_name, i_table_name, i_table_attrs)
--
-- Replaces the attributes of a table that is replicated here.
--
-- Parameters:
--   i_queue_name   name of the queue
--   i_table_name   the table, by its full name on the queue
--   i_table_attrs  url-encoded attributes, or NULL
-- Returns: 200 set; 404 the table is not replicated here.
-- Tables written: londiste.table_info.
create function londiste.local_set_table_attrs(
    in i_queue_name text,
    in i_table_name text,
    in i_table_attrs text,
    out ret_code integer,
    out ret_note text)
returns record
language plpgsql
as $$
begin
    update londiste.table_info t
       set table_attrs = i_table_attrs
     where t.queue_name operator(pg_catalog.=) i_queue_name
       and t.table_name operator(pg_catalog.=) i_table_name
       and t.local;
    if not found then
        ret_code := 404;
        ret_note := pg_catalog.format('no such local table: %s', i_table_name);
        return;
    end if;

    ret_code := 200;
    ret_note := pg_catalog.format('%s: Table attributes stored', i_table_name);
end;
$$;
