-- londiste.create_trigger(i_queue_name, i_table_name, i_trg_args, i_dest_table, i_node_type)
--
-- Makes the triggers by which a table writes to a queue: one for rows, one for TRUNCATE. Those it had for this
-- queue are replaced.
--
-- Parameters:
--   i_queue_name  name of the queue
--   i_table_name  name under which the table is registered
--   i_trg_args    tgflags=LETTERS: I U D events (none for all); B before or A after; Q sqltriga, L logutriga,
--                 J jsontriga; S skip. skip: the change itself is suppressed. no_triggers, virtual_table: make none.
--                 capture=generated: triggers for whole statements with functions made for this table, where it allows
--                 that; else pgq.logutriga with key_update=split. What local_add_table knows is left out; all else goes
--                 to the trigger
--   i_dest_table  the real table
--   i_node_type   type of the local node; on a leaf the triggers only refuse writes
-- Returns: 200 made; 201 none made; 403 an AFTER trigger would never see what a SKIP trigger suppresses; 405 there
--   are several SKIP triggers. trigger_name is always NULL, as clients know it.
-- Tables written: none (makes, renames and drops triggers).
create function londiste.create_trigger(
    in i_queue_name text,
    in i_table_name text,
    in i_trg_args text[],
    in i_dest_table text,
    in i_node_type text,
    out ret_code integer,
    out ret_note text,
    out trigger_name text)
returns record
language plpgsql
as $$
declare
    v_arg text;
    v_args text[] := array[]::text[];
    v_flags text := '';
    v_skip boolean := false;
    v_names_table boolean := false;
    v_function text;
    v_timing text;
    v_events text[] := array[]::text[];
    v_deny text := '';
    v_dest text := londiste.quote_fqname(coalesce(i_dest_table, i_table_name));
    v_row_trigger name := pg_catalog.format('_londiste_%s', i_queue_name)::name;
    v_skip_trigger name := pg_catalog.format('zzz__londiste_%s', i_queue_name)::name;
    v_truncate_trigger name := pg_catalog.format('_londiste_%s_truncate', i_queue_name)::name;
    v_generated boolean := false;
    v_capture text[];
    v_own_triggers name[] := array[v_row_trigger, v_skip_trigger, v_truncate_trigger]
        operator(pg_catalog.||) array(
            select pg_catalog.format('_londiste_%s_%s', i_queue_name, o.operation)::name
              from pg_catalog.unnest(array['insert', 'update', 'delete', 'attach']) o(operation));
    v_skip_arg bytea := pg_catalog.decode('00534b495000', 'hex');
    v_others name[];
    v_old name;
    v_tail text;
begin
    foreach v_arg in array coalesce(i_trg_args, array[]::text[])
    loop
        if pg_catalog.starts_with(v_arg, 'tgflags=') then
            v_flags := pg_catalog.concat(v_flags, pg_catalog.upper(pg_catalog.substr(v_arg, 9)));
        elsif v_arg operator(pg_catalog.=) any (array['no_triggers', 'virtual_table']) then
            ret_code := 201;
            ret_note := 'Trigger not created';
            return;
        elsif v_arg operator(pg_catalog.=) any (array['expect_sync', 'skip_truncate', 'merge_all', 'no_merge']) then
            null;
        elsif v_arg operator(pg_catalog.=) 'capture=generated' then
            v_generated := true;
        elsif v_arg operator(pg_catalog.=) any (array['skip', 'SKIP']) then
            v_skip := true;
        else
            v_names_table := v_names_table or pg_catalog.starts_with(v_arg, 'ev_extra1=');
            v_args := pg_catalog.array_append(v_args, v_arg);
        end if;
    end loop;

    if i_queue_name is null then
        raise exception 'a trigger of table % needs a queue to write to', i_table_name;
    end if;
    v_function := case
        when pg_catalog.strpos(v_flags, 'J') operator(pg_catalog.>) 0 then 'jsontriga'
        when pg_catalog.strpos(v_flags, 'L') operator(pg_catalog.>) 0 then 'logutriga'
        when pg_catalog.strpos(v_flags, 'Q') operator(pg_catalog.>) 0 then 'sqltriga'
        else 'logutriga'
    end;
    v_timing := case
        when pg_catalog.strpos(v_flags, 'A') operator(pg_catalog.>) 0 then 'after'
        when pg_catalog.strpos(v_flags, 'B') operator(pg_catalog.>) 0 then 'before'
        else 'after'
    end;
    if pg_catalog.strpos(v_flags, 'I') operator(pg_catalog.>) 0 then
        v_events := pg_catalog.array_append(v_events, 'insert'::text);
    end if;
    if pg_catalog.strpos(v_flags, 'U') operator(pg_catalog.>) 0 then
        v_events := pg_catalog.array_append(v_events, 'update'::text);
    end if;
    if pg_catalog.strpos(v_flags, 'D') operator(pg_catalog.>) 0 then
        v_events := pg_catalog.array_append(v_events, 'delete'::text);
    end if;
    if pg_catalog.cardinality(v_events) operator(pg_catalog.=) 0 then
        v_events := array['insert', 'update', 'delete'];
    end if;
    v_skip := v_skip or pg_catalog.strpos(v_flags, 'S') operator(pg_catalog.>) 0;

    if coalesce(i_dest_table, i_table_name) operator(pg_catalog.<>) i_table_name and not v_names_table then
        v_args := pg_catalog.array_append(v_args, pg_catalog.format('ev_extra1=%L', i_table_name));
    end if;

    if i_node_type operator(pg_catalog.=) 'leaf' then
        perform 1
           from pg_catalog.pg_proc p
           join pg_catalog.pg_namespace n
             on n.oid operator(pg_catalog.=) p.pronamespace
          where n.nspname operator(pg_catalog.=) 'pgq'
            and p.proname operator(pg_catalog.=) v_function;
        if not found then
            ret_code := 201;
            ret_note := 'Trigger not created';
            return;
        end if;
        v_deny := ', ''deny''';
    end if;

    -- SKIP triggers of other queues. The one of this queue is about to be replaced.
    select pg_catalog.array_agg(g.tgname order by g.tgname)
      into v_others
      from pg_catalog.pg_trigger g
     where g.tgrelid operator(pg_catalog.=) v_dest::regclass::oid
       and not g.tgisinternal
       and londiste.is_replica_func(g.tgfoid)
       and pg_catalog.position(g.tgargs, v_skip_arg) operator(pg_catalog.>) 0
       and g.tgname operator(pg_catalog.<>) v_row_trigger
       and g.tgname operator(pg_catalog.<>) v_skip_trigger;
    if v_others is not null and v_timing operator(pg_catalog.=) 'after' then
        ret_code := 403;
        ret_note := 'AFTER trigger cannot work with SKIP trigger(s)';
        return;
    end if;
    if v_skip and pg_catalog.cardinality(v_others) operator(pg_catalog.>) 1 then
        ret_code := 405;
        ret_note := 'Multiple SKIP triggers';
        return;
    end if;

    -- Planned each time: a plan that was kept from when the catalog was small goes through all of it for each further table.
    for v_old in execute
        'select g.tgname from pg_catalog.pg_trigger g'
        ' where g.tgrelid operator(pg_catalog.=) $1 and not g.tgisinternal and g.tgname operator(pg_catalog.=) any ($2)'
        using v_dest::regclass::oid, v_own_triggers
    loop
        execute pg_catalog.format('drop trigger %I on %s', v_old, v_dest);
    end loop;

    -- One trigger suppresses the change for all queues, and it has to be the last to fire.
    if v_skip and v_others is not null then
        if not pg_catalog.starts_with(v_others[1]::text, 'zzz_') then
            execute pg_catalog.format('alter trigger %I on %s rename to %I',
                                      v_others[1], v_dest, pg_catalog.concat('zzz_', v_others[1]));
        end if;
        v_skip := false;
    end if;
    if v_skip then
        v_args := pg_catalog.array_append(v_args, 'SKIP'::text);
    end if;

    -- Only the plain trigger has a generated form: other arguments ask for what the function in pgq does.
    if v_generated then
        if pg_catalog.cardinality(v_args) operator(pg_catalog.=) 0 and v_flags operator(pg_catalog.=) '' and v_deny operator(pg_catalog.=) ''
           and not v_skip and pg_catalog.to_regproc('trunkline_capture.create_capture') is not null
        then
            v_capture := trunkline_capture.create_capture(
                i_queue_name, v_dest::regclass::oid, londiste.make_fqname(i_table_name));
        end if;
        v_args := pg_catalog.array_append(
            v_args, case when v_capture is null then 'key_update=split' else 'capture=generated' end);
    end if;

    select pg_catalog.string_agg(pg_catalog.format(', %L', a.arg), '' order by a.nr)
      into v_tail
      from pg_catalog.unnest(v_args) with ordinality a(arg, nr);
    if v_capture is null then
        execute pg_catalog.format('create trigger %I %s %s on %s for each row execute function pgq.%s(%L%s%s)',
                                  case when v_skip then v_skip_trigger else v_row_trigger end,
                                  v_timing, pg_catalog.array_to_string(v_events, ' or '), v_dest,
                                  v_function, i_queue_name, v_tail, v_deny);
    else
        perform trunkline_capture.create_triggers(v_dest, i_queue_name, v_capture);
    end if;

    execute pg_catalog.format('create trigger %I after truncate on %s'
                              ' for each statement execute function pgq.sqltriga(%L%s)',
                              v_truncate_trigger, v_dest, i_queue_name, v_deny);
    trigger_name := null;

    ret_code := 200;
    ret_note := 'OK';
end;
$$;
