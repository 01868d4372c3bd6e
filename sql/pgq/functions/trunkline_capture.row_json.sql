-- trunkline_capture.row_json: renders a row as a JSON object.
-- Parameters: i_table - table; i_columns - names; i_values - output texts by the same place, NULL
-- when not known; i_left_out - names that stay out,
-- or NULL; i_row - the row itself.
-- Returns: JSON text. Booleans and integers are bare, dates and times ISO 8601 strings, all others strings of their output.
-- Tables written: none.
create or replace function trunkline_capture.row_json(
    i_table oid, i_columns text[], i_values text[], i_left_out text[], i_row record)
returns text as $$
declare
    v_types constant pg_catalog.oid[] := array(
        select a.atttypid
          from pg_catalog.pg_attribute a
         where a.attrelid operator(pg_catalog.=) i_table
           and a.attnum operator(pg_catalog.>) 0::smallint
           and not a.attisdropped
         order by a.attnum);
    v_values pg_catalog.text[] := i_values;
    v_parts pg_catalog.text[] := array[]::pg_catalog.text[];
    v_place integer := 0;
    v_json pg_catalog.json;
begin
    -- The server renders these types just so: boolean, bytea, "char", name, the integers, text, char, varchar, date, the
    -- times, interval, uuid, inet, cidr, macaddr.
    if i_left_out is null
       and v_types operator(pg_catalog.<@)
           array[16, 17, 18, 19, 20, 21, 23, 25, 650, 829, 869, 1042, 1043, 1082, 1083, 1114, 1184, 1186, 1266, 2950]::pg_catalog.oid[]
    then
        return pg_catalog.row_to_json(i_row)::pg_catalog.text;
    end if;

    if v_values is null then
        v_values := trunkline_capture.row_values(pg_catalog.concat(i_row), pg_catalog.cardinality(i_columns));
    end if;
    for i in 1 .. pg_catalog.cardinality(i_columns) loop
        if i_left_out is null or not i_columns[i] operator(pg_catalog.=) any (i_left_out) then
            v_place := v_place operator(pg_catalog.+) 1;
            v_parts[v_place] := pg_catalog.to_json(i_columns[i])::pg_catalog.text operator(pg_catalog.||) ':'
                operator(pg_catalog.||) case
                       when v_values[i] is null then 'null'
                       when v_types[i] operator(pg_catalog.=) 16::pg_catalog.oid
                            then case when v_values[i] operator(pg_catalog.=) 't' then 'true' else 'false' end
                       when v_types[i] operator(pg_catalog.=) any (array[20, 21, 23]::pg_catalog.oid[])
                            then v_values[i]
                       else pg_catalog.to_json(v_values[i])::pg_catalog.text
                   end;
            -- Dates and times do not follow DateStyle, so their output text is of no use.
            if v_types[i] operator(pg_catalog.=) any (array[1082, 1114, 1184]::pg_catalog.oid[]) and v_values[i] is not null then
                v_json := coalesce(v_json, pg_catalog.row_to_json(i_row));
                v_parts[v_place] := pg_catalog.to_json(i_columns[i])::pg_catalog.text operator(pg_catalog.||) ':'
                    operator(pg_catalog.||) (v_json operator(pg_catalog.->) i_columns[i])::pg_catalog.text;
            end if;
        end if;
    end loop;
    return '{' operator(pg_catalog.||) pg_catalog.array_to_string(v_parts, ',') operator(pg_catalog.||) '}';
end;
$$ language plpgsql stable;
