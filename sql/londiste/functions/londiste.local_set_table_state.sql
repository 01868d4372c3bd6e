-- londiste.local_set_table_state(i_queue_name, i_table_name, i_snapshot, i_merge_state)
--
-- Where the first copy of a table stands.
--
-- Parameters:
--   i_queue_name   name of the queue
--   i_table_name   the table, by its name on the queue
--   i_snapshot     snapshot of the copy on the source as text, or NULL
--   i_merge_state  in-copy, catching-up, wanna-sync:TICK, do-sync:TICK, ok, or NULL to copy anew
-- Returns: 200 set; 404 the table is not replicated here.
-- Tables written: londiste.table_info.
create function londiste.local_set_table_state(
    in i_queue_name text,
    in i_table_name text,
    in i_snapshot text,
    in i_merge_state text,
    out ret_code integer,
    out ret_note text)
returns record
language plpgsql
as $$
declare
    v_table text := londiste.make_fqname(i_table_name);
begin
    update londiste.table_info t
       set custom_snapshot = i_snapshot,
           merge_state = i_merge_state
     where t.queue_name operator(pg_catalog.=) i_queue_name
       and t.table_name operator(pg_catalog.=) v_table
       and t.local;
    if not found then
        ret_code := 404;
        ret_note := pg_catalog.format('No such table: %s', v_table);
        return;
    end if;

    ret_code := 200;
    ret_note := pg_catalog.format('Table %s state set to %s', v_table, pg_catalog.quote_nullable(i_merge_state));
end;
$$;
