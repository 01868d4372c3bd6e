-- londiste.local_change_handler(i_queue_name, i_table_name, i_trg_args, i_table_attrs)
--
-- Replaces attributes and triggers of a table that is replicated here.
--
-- Parameters:
--   i_queue_name   name of the queue
--   i_table_name   the table, by its full name on the queue
--   i_trg_args     as local_add_table takes them
--   i_table_attrs  url-encoded attributes for the worker
-- Returns: 200 changed; 400 unknown queue; 403 or 405 of create_trigger; 404 the table is not replicated here.
-- Tables written: londiste.table_info. Makes triggers.
create function londiste.local_change_handler(
    in i_queue_name text,
    in i_table_name text,
    in i_trg_args text[],
    in i_table_attrs text,
    out ret_code integer,
    out ret_note text)
returns record
language plpgsql
as $$
declare
    v_node_type text;
    v_dest text;
    v_label text;
    v_answer record;
begin
    select n.node_type
      into v_node_type
      from pgq_node.node_info n
     where n.queue_name operator(pg_catalog.=) i_queue_name;
    if not found then
        ret_code := 400;
        ret_note := pg_catalog.format('No such set: %s', i_queue_name);
        return;
    end if;

    update londiste.table_info t
       set table_attrs = i_table_attrs
     where t.queue_name operator(pg_catalog.=) i_queue_name
       and t.table_name operator(pg_catalog.=) i_table_name
       and t.local
    returning coalesce(t.dest_table, t.table_name)
      into v_dest;
    if not found then
        ret_code := 404;
        ret_note := pg_catalog.format('no such local table: %s', i_table_name);
        return;
    end if;
    v_label := i_table_name;
    if v_dest operator(pg_catalog.<>) i_table_name then
        v_label := pg_catalog.format('%s(%s)', i_table_name, v_dest);
    end if;

    select c.ret_code, c.ret_note
      into v_answer
      from londiste.create_trigger(i_queue_name, i_table_name, i_trg_args, v_dest, v_node_type) c;
    if v_answer.ret_code operator(pg_catalog.>) 299 then
        ret_code := v_answer.ret_code;
        ret_note := pg_catalog.format('Trigger creation failed for table %s: %s', v_label, v_answer.ret_note);
        return;
    end if;

    ret_code := 200;
    ret_note := pg_catalog.format('%s%s',
                                  case when v_answer.ret_code operator(pg_catalog.=) 201
                                       then 'Table handler updated with no triggers: '
                                       else 'Handler changed for table: ' end,
                                  v_label);
end;
$$;
