-- trunkline_capture.capture_columns: says how the columns of a table come into the JSON of its events by one call of the
-- server's own functions, as every reader of pgq.jsontriga's events understands them.
-- Parameters: i_table - table.
-- Returns: names of the columns whose numbers have to become strings; NULL where one call will not do for all columns.
-- Tables written: none.
create or replace function trunkline_capture.capture_columns(i_table oid)
returns text[] as $$
declare
    v_column pg_catalog.record;
    v_strings pg_catalog.text[] := array[]::pg_catalog.text[];
    v_floats boolean := false;
begin
    for v_column in
        with recursive c as (
            select a.attname::pg_catalog.text as name, a.attnum as place, a.atttypid as type_id
              from pg_catalog.pg_attribute a
             where a.attrelid operator(pg_catalog.=) i_table
               and a.attnum operator(pg_catalog.>) 0::smallint
               and not a.attisdropped
            union all
            select c.name, c.place, t.typbasetype
              from c
              join pg_catalog.pg_type t on t.oid operator(pg_catalog.=) c.type_id
             where t.typtype operator(pg_catalog.=) 'd'
        )
        select c.name, t.oid as type_id, t.typname::pg_catalog.text as type_name, t.typtype, t.typcategory,
               t.typnamespace operator(pg_catalog.=) 'pg_catalog'::pg_catalog.regnamespace::oid as built_in,
               exists (select 1 from pg_catalog.pg_cast k
                        where k.castsource operator(pg_catalog.=) t.oid and k.castfunc operator(pg_catalog.<>) 0::oid
                          and k.casttarget operator(pg_catalog.=) any (array[114, 3802]::oid[])) as own_json
          from c
          join pg_catalog.pg_type t on t.oid operator(pg_catalog.=) c.type_id
         where t.typtype operator(pg_catalog.<>) 'd'
         order by c.place
    loop
        -- Arrays and composites would be nested, a null inside json looks like no value at all, other people's types may
        -- have a JSON form of their own, and such column names stand for fields of the event.
        if v_column.typcategory operator(pg_catalog.=) 'A' or v_column.type_name operator(pg_catalog.=) any (array['json', 'jsonb'])
           or v_column.typtype operator(pg_catalog.=) any (array['c', 'p']::"char"[])
           or (v_column.typtype operator(pg_catalog.=) 'b' and not v_column.built_in)
           or (v_column.own_json and not v_column.built_in)
           or pg_catalog.starts_with(v_column.name, '_pgq_ev_')
        then
            return null;
        end if;
        if v_column.type_name operator(pg_catalog.=) 'numeric' then
            v_strings := pg_catalog.array_append(v_strings, v_column.name);
        end if;
        v_floats := v_floats or v_column.type_name operator(pg_catalog.=) any (array['float4', 'float8']);
    end loop;
    -- What turns numbers into strings knows no negative zero and writes 1e300 in full.
    if pg_catalog.cardinality(v_strings) operator(pg_catalog.>) 40
       or (v_floats and pg_catalog.cardinality(v_strings) operator(pg_catalog.>) 0)
    then
        return null;
    end if;
    return v_strings;
end;
$$ language plpgsql stable strict;
