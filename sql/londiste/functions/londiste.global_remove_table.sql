-- londiste.global_remove_table(i_queue_name, i_table_name)
--
-- Forgets a table of a queue; where it is replicated here, that ends first.
--
-- Parameters:
--   i_queue_name  name of the queue
--   i_table_name  the table
-- Returns: 200 gone; 400 it was not known.
-- Tables written: londiste.table_info and those of local_remove_table.
create function londiste.global_remove_table(
    in i_queue_name text,
    in i_table_name text,
    out ret_code integer,
    out ret_note text)
returns record
language plpgsql
strict
as $$
declare
    v_table text := londiste.make_fqname(i_table_name);
begin
    -- A root calls this from local_remove_table.
    if not pgq_node.is_root_node(i_queue_name) then
        perform londiste.local_remove_table(i_queue_name, v_table);
    end if;

    delete from londiste.table_info t
     where t.queue_name operator(pg_catalog.=) i_queue_name
       and t.table_name operator(pg_catalog.=) v_table;
    if not found then
        ret_code := 400;
        ret_note := pg_catalog.format('Table not found: %s', v_table);
        return;
    end if;

    ret_code := 200;
    ret_note := pg_catalog.format('Table removed: %s', i_table_name);
end;
$$;
