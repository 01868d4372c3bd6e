-- londiste.get_table_list(i_queue_name)
--
-- The tables known on a queue, in the order they came. What workers read before each batch.
--
-- Parameters:
--   i_queue_name  name of the queue
-- Returns: a row per table; copy_role and copy_pos as _coordinate_copy gives them, copy_pos 0 outside a copy.
-- Tables written: none.
create function londiste.get_table_list(
    in i_queue_name text,
    out table_name text,
    out local boolean,
    out merge_state text,
    out custom_snapshot text,
    out table_attrs text,
    out dropped_ddl text,
    out copy_role text,
    out copy_pos integer,
    out dest_table text)
returns setof record
language plpgsql
stable
strict
as $$
begin
    for table_name, local, merge_state, custom_snapshot, table_attrs, dropped_ddl, dest_table in
        select t.table_name, t.local, t.merge_state, t.custom_snapshot, t.table_attrs, t.dropped_ddl, t.dest_table
          from londiste.table_info t
         where t.queue_name operator(pg_catalog.=) i_queue_name
         order by t.nr
    loop
        if merge_state operator(pg_catalog.=) any (array['in-copy', 'catching-up']) then
            select c.copy_role, c.copy_pos
              into copy_role, copy_pos
              from londiste._coordinate_copy(i_queue_name, table_name) c;
        else
            copy_role := null;
            copy_pos := 0;
        end if;
        return next;
    end loop;
end;
$$;
