-- londiste.local_add_table(i_queue_name, i_table_name, i_trg_args, i_table_attrs, i_dest_table)
--
-- Begins to replicate a table here: on a root its changes go into the queue, elsewhere the worker copies it and
-- then replays the changes.
--
-- Parameters:
--   i_queue_name   name of the queue
--   i_table_name   the table, by its name on the queue
--   i_trg_args     words for this function, and arguments for the trigger as create_trigger takes them:
--                  expect_sync: do not copy; skip_truncate: do not empty it before the copy; merge_all: take the
--                  same table of all queues that merge into the same one; no_merge: leave those alone;
--                  virtual_table: there is no table; no_triggers: make none
--   i_table_attrs  url-encoded attributes for the worker
--   i_dest_table   the real table, where its name differs
-- Returns: 200 added, or added before with these attributes; 400 unknown queue, or no primary key and no pkey=; 403 or 405 of
--   create_trigger; 404 no such table, here or on the queue; 405 the queues that merge need another word; 410 added
--   before with other attributes. The caller rolls back after 4xx.
-- Tables written: londiste.table_info; on a root the queue (event londiste.add-table). Makes triggers.
create function londiste.local_add_table(
    in i_queue_name text,
    in i_table_name text,
    in i_trg_args text[],
    in i_table_attrs text,
    in i_dest_table text,
    out ret_code integer,
    out ret_note text)
returns record
language plpgsql
as $$
declare
    v_args text[] := coalesce(i_trg_args, array[]::text[]);
    v_merge_all boolean := 'merge_all' operator(pg_catalog.=) any (v_args);
    v_no_merge boolean := 'no_merge' operator(pg_catalog.=) any (v_args);
    v_virtual boolean := 'virtual_table' operator(pg_catalog.=) any (v_args);
    v_attrs text := i_table_attrs;
    v_table text := londiste.make_fqname(i_table_name);
    v_dest text := londiste.make_fqname(coalesce(i_dest_table, i_table_name));
    v_label text;
    v_node_type text;
    v_combined text;
    v_combined_type text;
    v_local boolean;
    v_old_attrs text;
    v_state text;
    v_sibling text;
    v_siblings integer := 0;
    v_answer record;
begin
    v_label := v_table;
    if v_dest operator(pg_catalog.<>) v_table then
        v_label := pg_catalog.format('%s(%s)', v_table, v_dest);
    end if;

    if v_merge_all and v_no_merge then
        ret_code := 405;
        ret_note := 'Cannot use merge-all and no-merge together';
        return;
    end if;
    if 'skip_truncate' operator(pg_catalog.=) any (v_args) then
        v_attrs := case when v_attrs is null then 'skip_truncate=1'
                        else pg_catalog.format('%s&skip_truncate=1', v_attrs) end;
    end if;

    select n.node_type, n.combined_queue, c.node_type
      into v_node_type, v_combined, v_combined_type
      from pgq_node.node_info n
      left join pgq_node.node_info c
        on c.queue_name operator(pg_catalog.=) n.combined_queue
     where n.queue_name operator(pg_catalog.=) i_queue_name;

    if not v_virtual then
        if londiste.find_table_oid(v_dest) is null then
            ret_code := 404;
            ret_note := pg_catalog.format('Table does not exist: %s', v_label);
            return;
        end if;
        if pg_catalog.strpos(londiste.find_column_types(v_dest), 'k') operator(pg_catalog.=) 0
           and not exists (select from pg_catalog.unnest(v_args) a(arg) where pg_catalog.starts_with(a.arg, 'pkey='))
        then
            -- The key may be down for the copy of another queue.
            perform 1
               from londiste.table_info t
               join pgq_node.node_info n
                 on n.queue_name operator(pg_catalog.=) t.queue_name
              where n.combined_queue operator(pg_catalog.=) v_combined
                and t.queue_name operator(pg_catalog.<>) i_queue_name
                and coalesce(t.dest_table, t.table_name) operator(pg_catalog.=) v_dest
                and t.dropped_ddl is not null;
            if not found then
                ret_code := 400;
                ret_note := pg_catalog.format('Primary key missing on table: %s', v_label);
                return;
            end if;
        end if;
    end if;

    if v_node_type is null then
        ret_code := 400;
        ret_note := pg_catalog.format('No such set: %s', i_queue_name);
        return;
    end if;

    select t.local, t.table_attrs
      into v_local, v_old_attrs
      from londiste.table_info t
     where t.queue_name operator(pg_catalog.=) i_queue_name
       and t.table_name operator(pg_catalog.=) v_table
       for no key update;
    if not found then
        if v_node_type operator(pg_catalog.<>) 'root' then
            ret_code := 404;
            ret_note := pg_catalog.format('Table not available on queue: %s', v_label);
            return;
        end if;
        perform londiste.global_add_table(i_queue_name, v_table);
    end if;

    if v_local then
        if coalesce(v_old_attrs operator(pg_catalog.<>) v_attrs,
                    pg_catalog.num_nulls(v_old_attrs, v_attrs) operator(pg_catalog.=) 1)
        then
            ret_code := 410;
            ret_note := pg_catalog.format('Table %s already added, but with different args: %s',
                                          v_label, coalesce(v_old_attrs, ''));
        else
            ret_code := 200;
            ret_note := pg_catalog.format('Table already added: %s', v_label);
        end if;
        return;
    end if;

    if v_node_type operator(pg_catalog.=) 'root' then
        perform londiste.root_notify_change(i_queue_name, 'londiste.add-table', v_table);
    end if;

    -- On a branch of the combined queue the rows come through that queue, so there is nothing to copy.
    if v_node_type operator(pg_catalog.=) 'root' or v_virtual or 'expect_sync' operator(pg_catalog.=) any (v_args)
       or (v_node_type operator(pg_catalog.=) 'leaf' and v_combined_type operator(pg_catalog.=) 'branch')
    then
        v_state := 'ok';
    end if;

    update londiste.table_info t
       set local = true,
           merge_state = v_state,
           table_attrs = coalesce(v_attrs, t.table_attrs),
           dest_table = case when v_dest operator(pg_catalog.<>) v_table then v_dest end
     where t.queue_name operator(pg_catalog.=) i_queue_name
       and t.table_name operator(pg_catalog.=) v_table;
    if not found then
        raise exception 'table % is not known on queue %', v_table, i_queue_name;
    end if;

    if v_node_type operator(pg_catalog.=) 'leaf' and v_combined is not null and not v_no_merge then
        for v_sibling, v_local in
            select t.queue_name, t.local
              from londiste.table_info t
              join pgq_node.node_info n
                on n.queue_name operator(pg_catalog.=) t.queue_name
             where n.combined_queue operator(pg_catalog.=) v_combined
               and t.queue_name operator(pg_catalog.<>) i_queue_name
               and coalesce(t.dest_table, t.table_name) operator(pg_catalog.=) v_dest
             order by t.queue_name
               for no key update of t
        loop
            v_siblings := v_siblings operator(pg_catalog.+) 1;
            if v_local and v_state is null then
                ret_code := 405;
                ret_note := pg_catalog.format('Found local table %s in queue %s, use remove-table first'
                                              ' to remove all previous table subscriptions',
                                              v_label, v_sibling);
                return;
            end if;
        end loop;
        if v_siblings operator(pg_catalog.>) 0 then
            if v_state is null and not v_merge_all then
                ret_code := 405;
                ret_note := pg_catalog.format('Found multiple sources for table %s,'
                                              ' use merge-all or no-merge to continue',
                                              v_label);
                return;
            end if;

            update londiste.table_info t
               set local = true,
                   merge_state = v_state,
                   table_attrs = v_attrs
              from pgq_node.node_info n
             where n.queue_name operator(pg_catalog.=) t.queue_name
               and n.combined_queue operator(pg_catalog.=) v_combined
               and t.queue_name operator(pg_catalog.<>) i_queue_name
               and coalesce(t.dest_table, t.table_name) operator(pg_catalog.=) v_dest;
        end if;

        perform 1
           from londiste.table_info t
          where t.queue_name operator(pg_catalog.=) v_combined
            and t.table_name operator(pg_catalog.=) v_table
            and t.local;
        if not found and v_combined_type is not null then
            select a.ret_code, a.ret_note
              into v_answer
              from londiste.local_add_table(v_combined, v_table, v_args, v_attrs, v_dest) a;
            if v_answer.ret_code operator(pg_catalog.>) 299 then
                ret_code := v_answer.ret_code;
                ret_note := v_answer.ret_note;
                return;
            end if;
        end if;
    end if;

    select c.ret_code, c.ret_note
      into v_answer
      from londiste.create_trigger(i_queue_name, v_table, v_args, v_dest, v_node_type) c;
    if v_answer.ret_code operator(pg_catalog.>) 299 then
        ret_code := v_answer.ret_code;
        ret_note := pg_catalog.format('Trigger creation failed for table %s: %s', v_label, v_answer.ret_note);
        return;
    end if;

    ret_code := 200;
    ret_note := pg_catalog.format('%s%s',
                                  case when v_answer.ret_code operator(pg_catalog.=) 201 then 'Table added with no triggers: '
                                       else 'Table added: ' end,
                                  v_label);
end;
$$;

-- The same without another name for the table.
create function londiste.local_add_table(
    in i_queue_name text,
    in i_table_name text,
    in i_trg_args text[],
    in i_table_attrs text,
    out ret_code integer,
    out ret_note text)
returns record
language plpgsql
as $$
begin
    select a.ret_code, a.ret_note
      into ret_code, ret_note
      from londiste.local_add_table(i_queue_name, i_table_name, i_trg_args, i_table_attrs, null) a;
end;
$$;

-- The same without attributes.
create function londiste.local_add_table(
    in i_queue_name text,
    in i_table_name text,
    in i_trg_args text[],
    out ret_code integer,
    out ret_note text)
returns record
language plpgsql
as $$
begin
    select a.ret_code, a.ret_note
      into ret_code, ret_note
      from londiste.local_add_table(i_queue_name, i_table_name, i_trg_args, null, null) a;
end;
$$;

-- The same without anything.
create function londiste.local_add_table(
    in i_queue_name text,
    in i_table_name text,
    out ret_code integer,
    out ret_note text)
returns record
language plpgsql
strict
as $$
begin
    select a.ret_code, a.ret_note
      into ret_code, ret_note
      from londiste.local_add_table(i_queue_name, i_table_name, null, null, null) a;
end;
$$;
