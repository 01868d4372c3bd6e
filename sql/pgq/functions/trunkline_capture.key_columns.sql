-- trunkline_capture.key_columns: finds the primary key of a table.
-- Parameters: i_table - table; i_columns - names of its columns by attnum.
-- Returns: names of the key columns in the order of the index, an empty array when there is no primary key.
-- Tables written: none; a setting of the session remembers the answer.
create or replace function trunkline_capture.key_columns(i_table oid, i_columns text[])
returns text[] as $$
declare
    -- The index the replica identity uses is at hand in the server's cache, and by default it is the primary key. Its columns
    -- never change, so they are remembered by their numbers as long as the same index is in use.
    v_known pg_catalog.text[] := pg_catalog.string_to_array(
        pg_catalog.current_setting('trunkline_capture.key_of_' operator(pg_catalog.||) i_table::pg_catalog.text, true), ' ');
    v_columns pg_catalog.text[];
    v_key pg_catalog.record;
begin
    if v_known[1] operator(pg_catalog.=) pg_catalog.pg_get_replica_identity_index(i_table::pg_catalog.regclass)::pg_catalog.text then
        if pg_catalog.cardinality(v_known) operator(pg_catalog.=) 2 then
            return array[i_columns[v_known[2]::integer]];
        end if;
        for i in 2 .. pg_catalog.cardinality(v_known) loop
            v_columns[i operator(pg_catalog.-) 1] := i_columns[v_known[i]::integer];
        end loop;
        return v_columns;
    end if;

    v_columns := array[]::pg_catalog.text[];
    select i.indexrelid, i.indnkeyatts, i.indkey into v_key
      from pg_catalog.pg_index i
     where i.indrelid operator(pg_catalog.=) i_table
       and i.indisprimary;
    if found then
        for i in 0 .. v_key.indnkeyatts operator(pg_catalog.-) 1 loop
            v_columns[i operator(pg_catalog.+) 1] := i_columns[v_key.indkey[i]];
        end loop;
        if v_key.indexrelid operator(pg_catalog.=) pg_catalog.pg_get_replica_identity_index(i_table::pg_catalog.regclass) then
            perform pg_catalog.set_config(
                'trunkline_capture.key_of_' operator(pg_catalog.||) i_table::pg_catalog.text,
                v_key.indexrelid::pg_catalog.text operator(pg_catalog.||) ' '
                operator(pg_catalog.||) pg_catalog.array_to_string((v_key.indkey::smallint[])[0:v_key.indnkeyatts operator(pg_catalog.-) 1], ' '), false);
        end if;
    end if;
    return v_columns;
end;
$$ language plpgsql;
