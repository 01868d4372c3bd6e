-- trunkline_capture.create_capture: makes the trigger function of one table: static statements and one call of the server's
-- own JSON functions per row, which costs about what a trigger in C does. New columns are captured without making it anew.
-- Parameters: i_queue_name - queue; i_table - table; i_name - its name in the events.
-- Returns: the function's name, to be called without arguments; NULL for a table that only pgq.logutriga and its kin can do.
-- Tables written: none; a function is replaced.
create or replace function trunkline_capture.create_capture(i_queue_name text, i_table oid, i_name text)
returns text as $$
declare
    v_queue pgq.queue;
    v_name pg_catalog.text;
    v_schema pg_catalog.text;
    v_table pg_catalog.text;
    v_key pg_catalog.record;
    v_keys pg_catalog.text[];
    v_key_changed pg_catalog.text;
    v_strings pg_catalog.text[] := trunkline_capture.capture_columns(i_table);
    v_json pg_catalog.text;
    v_put pg_catalog.text;
    v_split pg_catalog.text;
begin
    select q.* into v_queue from pgq.queue q where q.queue_name operator(pg_catalog.=) i_queue_name;
    select n.nspname, c.relname into v_schema, v_table
      from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) c.relnamespace
     where c.oid operator(pg_catalog.=) i_table
       and c.relkind operator(pg_catalog.=) 'r'
       and not c.relispartition;
    select i.indkey, i.indnkeyatts, i.indimmediate into v_key
      from pg_catalog.pg_index i
     where i.indrelid operator(pg_catalog.=) i_table and i.indisprimary;
    if v_queue.queue_id is null or v_table is null or v_key.indnkeyatts is null or v_strings is null
       or pg_catalog.to_regproc('trunkline_capture.put_' operator(pg_catalog.||) v_queue.queue_id::pg_catalog.text) is null
    then
        return null;
    end if;

    -- Equal is not enough for the key: readers tell rows apart by its text.
    select pg_catalog.array_agg(a.attname::pg_catalog.text order by k.place),
           pg_catalog.string_agg(
               case when a.atttypid operator(pg_catalog.=) any (array[20, 21, 23, 26, 1082, 1114, 1184, 2950]::oid[])
                    then pg_catalog.format('new.%1$I operator(pg_catalog.<>) old.%1$I', a.attname)
                    else pg_catalog.format('new.%1$I::pg_catalog.text collate pg_catalog."C" operator(pg_catalog.<>) old.%1$I::pg_catalog.text collate pg_catalog."C"', a.attname)
               end, ' or ' order by k.place)
      into v_keys, v_key_changed
      from pg_catalog.unnest(v_key.indkey::smallint[]) with ordinality k(attnum, place)
      join pg_catalog.pg_attribute a
        on a.attrelid operator(pg_catalog.=) i_table and a.attnum operator(pg_catalog.=) k.attnum
     where k.place operator(pg_catalog.<=) v_key.indnkeyatts::bigint;

    -- Some readers would round a number that is no string.
    if pg_catalog.cardinality(v_strings) operator(pg_catalog.=) 0 then
        v_json := 'pg_catalog.to_json(%1$s)::pg_catalog.text';
    else
        select '(pg_catalog.to_jsonb(%1$s) operator(pg_catalog.||) pg_catalog.jsonb_build_object('
               operator(pg_catalog.||) pg_catalog.string_agg(
                   pg_catalog.replace(pg_catalog.format('%1$L, pg_catalog.to_jsonb(%2$s) operator(pg_catalog.->>) %1$L', s.name, '<row>'), '%', '%%'), ', ')
               operator(pg_catalog.||) '))::pg_catalog.text'
          into v_json
          from pg_catalog.unnest(v_strings) s(name);
        v_json := pg_catalog.replace(v_json, '<row>', '%1$s');
    end if;
    v_put := 'perform trunkline_capture.put_' operator(pg_catalog.||) v_queue.queue_id::pg_catalog.text operator(pg_catalog.||) '(%2$L, '
        operator(pg_catalog.||) v_json operator(pg_catalog.||) ', %3$L);';

    -- Where keys are checked at the end of a statement, two of them may swap, and no order of single changes tells that.
    if v_key.indimmediate then
        v_split := pg_catalog.format(v_put, 'old', trunkline_capture.json_type('DELETE', v_schema, v_table, v_keys), i_name)
            operator(pg_catalog.||) E'\n        '
            operator(pg_catalog.||) pg_catalog.format(v_put, 'new', trunkline_capture.json_type('INSERT', v_schema, v_table, v_keys), i_name);
    else
        v_split := pg_catalog.format(
            'raise exception %L using errcode = ''feature_not_supported'', hint = ''Delete the row and insert it anew.'';',
            pg_catalog.replace(pg_catalog.format('table "%s.%s": an update changes its deferrable key, which replication does not allow',
                                                 v_schema, v_table), '%', '%%'));
    end if;

    v_name := trunkline_capture.capture_name(i_queue_name, i_name);
    execute 'create or replace function ' operator(pg_catalog.||) v_name
        operator(pg_catalog.||) E'() returns trigger as $body$\nbegin\n'
        operator(pg_catalog.||) E'    if pg_catalog.current_setting(''session_replication_role'') operator(pg_catalog.=) ''local'' then\n        return null;\n'
        operator(pg_catalog.||) E'    elsif tg_op operator(pg_catalog.=) ''INSERT'' then\n        '
        operator(pg_catalog.||) pg_catalog.format(v_put, 'new', trunkline_capture.json_type('INSERT', v_schema, v_table, v_keys), i_name)
        operator(pg_catalog.||) E'\n    elsif tg_op operator(pg_catalog.=) ''DELETE'' then\n        '
        operator(pg_catalog.||) pg_catalog.format(v_put, 'old', trunkline_capture.json_type('DELETE', v_schema, v_table, v_keys), i_name)
        operator(pg_catalog.||) E'\n    elsif ' operator(pg_catalog.||) v_key_changed operator(pg_catalog.||) E' then\n        '
        operator(pg_catalog.||) v_split
        operator(pg_catalog.||) E'\n    else\n        '
        operator(pg_catalog.||) pg_catalog.format(v_put, 'new', trunkline_capture.json_type('UPDATE', v_schema, v_table, v_keys), i_name)
        operator(pg_catalog.||) E'\n    end if;\n    return null;\nend;\n$body$ language plpgsql';
    return v_name;
end;
$$ language plpgsql security definer;
