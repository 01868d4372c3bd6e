-- londiste.local_set_table_struct(i_queue_name, i_table_name, i_dropped_ddl)
--
-- Keeps what a first copy took down, so that it is not lost when the copy is.
--
-- Parameters:
--   i_queue_name   name of the queue
--   i_table_name   the table, by its full name on the queue
--   i_dropped_ddl  statements that bring it back, or NULL when that is done
-- Returns: 200 kept; 404 the table is not replicated here.
-- Tables written: londiste.table_info.
create function londiste.local_set_table_struct(
    in i_queue_name text,
    in i_table_name text,
    in i_dropped_ddl text,
    out ret_code integer,
    out ret_note text)
returns record
language plpgsql
as $$
begin
    update londiste.table_info t
       set dropped_ddl = i_dropped_ddl
     where t.queue_name operator(pg_catalog.=) i_queue_name
       and t.table_name operator(pg_catalog.=) i_table_name
       and t.local;
    if not found then
        ret_code := 404;
        ret_note := pg_catalog.format('no such local table: %s', i_table_name);
        return;
    end if;

    ret_code := 200;
    ret_note := 'Table struct stored';
end;
$$;
