-- londiste.local_remove_table(i_queue_name, i_table_name)
--
-- Ends the replication of a table here. The table itself stays; what a first copy took down is brought back, with
-- the half-copied rows thrown away. On a root the table goes from the whole cascade.
--
-- Parameters:
--   i_queue_name  name of the queue
--   i_table_name  the table, by its name on the queue
-- Returns: 200 ended; 400 it is not known, or not replicated here.
-- Tables written: londiste.table_info, those of local_remove_seq for sequences the table owns; on a root the queue
--   (event londiste.remove-table). Drops triggers.
create function londiste.local_remove_table(
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
    v_dest text;
    v_local boolean;
    v_dropped_ddl text;
    v_seq text;
begin
    select coalesce(t.dest_table, t.table_name), t.local, t.dropped_ddl
      into v_dest, v_local, v_dropped_ddl
      from londiste.table_info t
     where t.queue_name operator(pg_catalog.=) i_queue_name
       and t.table_name operator(pg_catalog.=) v_table
       for no key update;
    if not found then
        ret_code := 400;
        ret_note := pg_catalog.format('Table not found: %s', v_table);
        return;
    end if;

    if v_local then
        perform londiste.drop_table_triggers(i_queue_name, v_table);

        if v_dropped_ddl is not null then
            execute pg_catalog.format('truncate only %s', londiste.quote_fqname(v_dest));
            execute v_dropped_ddl;
        end if;

        update londiste.table_info t
           set local = false,
               merge_state = null,
               custom_snapshot = null,
               dropped_ddl = null,
               table_attrs = null,
               dest_table = null
         where t.queue_name operator(pg_catalog.=) i_queue_name
           and t.table_name operator(pg_catalog.=) v_table;

        for v_seq in
            select pg_catalog.format('%s.%s', sn.nspname, s.relname)
              from pg_catalog.pg_attribute a
              join pg_catalog.pg_attrdef d
                on d.adrelid operator(pg_catalog.=) a.attrelid
               and d.adnum operator(pg_catalog.=) a.attnum
              join pg_catalog.pg_depend e
                on e.refobjid operator(pg_catalog.=) a.attrelid
               and e.refobjsubid operator(pg_catalog.=) a.attnum
               and e.refclassid operator(pg_catalog.=) 'pg_catalog.pg_class'::regclass::oid
               and e.classid operator(pg_catalog.=) 'pg_catalog.pg_class'::regclass::oid
               and e.deptype operator(pg_catalog.=) 'a'
              join pg_catalog.pg_class s
                on s.oid operator(pg_catalog.=) e.objid
               and s.relkind operator(pg_catalog.=) 'S'
              join pg_catalog.pg_namespace sn
                on sn.oid operator(pg_catalog.=) s.relnamespace
             where a.attrelid operator(pg_catalog.=) londiste.find_table_oid(v_dest)
               and a.atttypid operator(pg_catalog.=) any
                   (array['pg_catalog.int4'::regtype::oid, 'pg_catalog.int8'::regtype::oid])
               and not a.attisdropped
             order by a.attnum
        loop
            perform londiste.local_remove_seq(i_queue_name, v_seq);
        end loop;
    elsif not pgq_node.is_root_node(i_queue_name) then
        ret_code := 400;
        ret_note := pg_catalog.format('Table not registered locally: %s', v_table);
        return;
    end if;

    if pgq_node.is_root_node(i_queue_name) then
        perform londiste.global_remove_table(i_queue_name, v_table);
        perform londiste.root_notify_change(i_queue_name, 'londiste.remove-table', v_table);
    end if;

    ret_code := 200;
    ret_note := pg_catalog.format('Table removed: %s', v_table);
end;
$$;
