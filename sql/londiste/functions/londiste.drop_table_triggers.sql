-- londiste.drop_table_triggers(i_queue_name, i_table_name)
--
-- Drops the triggers by which a table registered on a queue writes to that queue.
--
-- Parameters:
--   i_queue_name  name of the queue
--   i_table_name  full name of a registered table; without a row in table_info nothing happens
-- Returns: nothing.
-- Tables written: none (drops triggers).
create function londiste.drop_table_triggers(in i_queue_name text, in i_table_name text)
returns void
language plpgsql
strict
as $$
declare
    v_dest text;
    v_first_arg bytea;
    v_trigger record;
begin
    select coalesce(t.dest_table, t.table_name)
      into v_dest
      from londiste.table_info t
     where t.queue_name operator(pg_catalog.=) i_queue_name
       and t.table_name operator(pg_catalog.=) i_table_name;
    if not found then
        return;
    end if;

    -- Trigger arguments are kept as one string, each ended by a zero byte.
    v_first_arg := pg_catalog.convert_to(i_queue_name, pg_catalog.getdatabaseencoding())
                operator(pg_catalog.||) pg_catalog.decode('00', 'hex');
    for v_trigger in
        select g.tgname
          from pg_catalog.pg_trigger g
         where g.tgrelid operator(pg_catalog.=) londiste.find_table_oid(v_dest)
           and not g.tgisinternal
           and londiste.is_replica_func(g.tgfoid)
           and pg_catalog.substr(g.tgargs, 1, pg_catalog.length(v_first_arg)) operator(pg_catalog.=) v_first_arg
    loop
        execute pg_catalog.format('drop trigger %I on %s', v_trigger.tgname, londiste.quote_fqname(v_dest));
    end loop;
    if pg_catalog.to_regproc('trunkline_capture.drop_capture') is not null then
        perform trunkline_capture.drop_capture(i_queue_name, i_table_name);
    end if;
end;
$$;
