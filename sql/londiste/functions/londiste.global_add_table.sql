-- londiste.global_add_table(i_queue_name, i_table_name)
--
-- Makes a table known on a queue, without replicating it here. On a leaf that merges into another queue it becomes
-- known there too.
--
-- Parameters:
--   i_queue_name  name of the queue
--   i_table_name  the table
-- Returns: 200 known now, or before; 400 unknown queue.
-- Tables written: londiste.table_info.
create function londiste.global_add_table(
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
    v_combined text;
begin
    select n.combined_queue
      into v_combined
      from pgq_node.node_info n
     where n.queue_name operator(pg_catalog.=) i_queue_name;
    if not found then
        ret_code := 400;
        ret_note := pg_catalog.format('No such queue: %s', i_queue_name);
        return;
    end if;

    insert into londiste.table_info (queue_name, table_name)
    values (i_queue_name, v_table)
        on conflict on constraint table_info_pkey do nothing;
    ret_code := 200;
    if found then
        ret_note := pg_catalog.format('Table added: %s', i_table_name);
    else
        ret_note := pg_catalog.format('Table already added: %s', v_table);
    end if;

    if v_combined is not null then
        perform londiste.global_add_table(v_combined, v_table);
    end if;
end;
$$;
