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
--                 What local_add_table knows is left out; all else goes to the trigger
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
    v_row_trigger name := '_londiste_' || i_queue_name;
    v_skip_trigger name := 'zzz__londiste_' || i_queue_name;
    v_truncate_trigger name := '_londiste_' || i_queue_name || '_truncate';
    v_skip_arg bytea := pg_catalog.decode('00534b495000', 'hex');
    v_others name[];
    v_old name;
    v_tail text;
begin
    foreach v_arg in array coalesce(i_trg_args, array[]::text[])
    loop
        if pg_catalog.starts_with(v_arg, 'tgflags=') then
            v_flags := v_flags || pg_catalog.upper(pg_catalog.substr(v_arg, 9));
        elsif v_arg in ('no_triggers', 'virtual_table') then
            ret_code := 201;
            ret_note := 'Trigger not created';
            return;
        elsif v_arg in ('expect_sync', 'skip_truncate', 'merge_all', 'no_merge') then
            null;
        elsif v_arg in ('skip', 'SKIP') then
            v_skip := true;
        else
            v_names_table := v_names_table or pg_catalog.starts_with(v_arg, 'ev_extra1=');
            v_args := v_args || v_arg;
        end if;
    end loop;

    v_function := case
        when pg_catalog.strpos(v_flags, 'J') > 0 then 'jsontriga'
        when pg_catalog.strpos(v_flags, 'L') > 0 then 'logutriga'
        when pg_catalog.strpos(v_flags, 'Q') > 0 then 'sqltriga'
        else 'logutriga'
    end;
    v_timing := case
        when pg_catalog.strpos(v_flags, 'A') > 0 then 'after'
        when pg_catalog.strpos(v_flags, 'B') > 0 then 'before'
        else 'after'
    end;
    if pg_catalog.strpos(v_flags, 'I') > 0 then
        v_events := v_events || 'insert'::text;
    end if;
    if pg_catalog.strpos(v_flags, 'U') > 0 then
        v_events := v_events || 'update'::text;
    end if;
    if pg_catalog.strpos(v_flags, 'D') > 0 then
        v_events := v_events || 'delete'::text;
    end if;
    if v_events = array[]::text[] then
        v_events := array['insert', 'update', 'delete'];
    end if;
    v_skip := v_skip or pg_catalog.strpos(v_flags, 'S') > 0;

    if coalesce(i_dest_table, i_table_name) <> i_table_name and not v_names_table then
        v_args := v_args || ('ev_extra1=' || pg_catalog.quote_literal(i_table_name));
    end if;

    if i_node_type = 'leaf' then
        perform 1
           from pg_catalog.pg_proc p
           join pg_catalog.pg_namespace n
             on n.oid = p.pronamespace
          where n.nspname = 'pgq'
            and p.proname = v_function;
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
     where g.tgrelid = v_dest::regclass
       and not g.tgisinternal
       and londiste.is_replica_func(g.tgfoid)
       and pg_catalog.position(g.tgargs, v_skip_arg) > 0
       and g.tgname not in (v_row_trigger, v_skip_trigger);
    if v_others is not null and v_timing = 'after' then
        ret_code := 403;
        ret_note := 'AFTER trigger cannot work with SKIP trigger(s)';
        return;
    end if;
    if v_skip and pg_catalog.cardinality(v_others) > 1 then
        ret_code := 405;
        ret_note := 'Multiple SKIP triggers';
        return;
    end if;

    for v_old in
        select g.tgname
          from pg_catalog.pg_trigger g
         where g.tgrelid = v_dest::regclass
           and not g.tgisinternal
           and g.tgname in (v_row_trigger, v_skip_trigger, v_truncate_trigger)
    loop
        execute 'drop trigger ' || pg_catalog.quote_ident(v_old) || ' on ' || v_dest;
    end loop;

    -- One trigger suppresses the change for all queues, and it has to be the last to fire.
    if v_skip and v_others is not null then
        if not pg_catalog.starts_with(v_others[1]::text, 'zzz_') then
            execute 'alter trigger ' || pg_catalog.quote_ident(v_others[1]) || ' on ' || v_dest
                 || ' rename to ' || pg_catalog.quote_ident('zzz_' || v_others[1]);
        end if;
        v_skip := false;
    end if;
    if v_skip then
        v_args := v_args || 'SKIP'::text;
    end if;

    select pg_catalog.string_agg(', ' || pg_catalog.quote_literal(a.arg), '' order by a.nr)
      into v_tail
      from pg_catalog.unnest(v_args) with ordinality a(arg, nr);
    execute 'create trigger ' || pg_catalog.quote_ident(case when v_skip then v_skip_trigger else v_row_trigger end)
         || ' ' || v_timing || ' ' || pg_catalog.array_to_string(v_events, ' or ') || ' on ' || v_dest
         || ' for each row execute function pgq.' || v_function
         || '(' || pg_catalog.quote_literal(i_queue_name) || coalesce(v_tail, '') || v_deny || ')';

    execute 'create trigger ' || pg_catalog.quote_ident(v_truncate_trigger)
         || ' after truncate on ' || v_dest
         || ' for each statement execute function pgq.sqltriga'
         || '(' || pg_catalog.quote_literal(i_queue_name) || v_deny || ')';

    ret_code := 200;
    ret_note := 'OK';
end;
$$;
