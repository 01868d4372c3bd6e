-- trunkline_capture.row_values: takes the text form of a row apart.
-- Parameters: i_row - output of a composite value, such as (1,"a b",); i_count - number of its columns.
-- Returns: output text of each column, NULL for null.
-- Tables written: none.
create or replace function trunkline_capture.row_values(i_row text, i_count integer)
returns text[] as $$
declare
    v_row pg_catalog.text := pg_catalog.left(pg_catalog.substr(i_row, 2), -1);
    v_parts pg_catalog.text[];
    v_count integer;
begin
    -- A value is in quotes when it is empty or has a blank, comma, quote, backslash or parenthesis.
    if i_count operator(pg_catalog.=) 1 then
        if v_row operator(pg_catalog.=) '' then
            return array[null::pg_catalog.text];
        elsif pg_catalog.starts_with(v_row, '"') then
            v_row := pg_catalog.left(pg_catalog.substr(v_row, 2), -1);
            return array[pg_catalog.replace(pg_catalog.replace(v_row, '""', '"'), E'\\\\', E'\\')];
        end if;
        return array[v_row];
    end if;
    if pg_catalog.strpos(v_row, '"') operator(pg_catalog.=) 0 then
        return pg_catalog.string_to_array(v_row, ',', '');
    end if;

    -- The usual case looks like an array already, but for the way NULL is written. Where commas, braces or the word are part
    -- of a value, the row only goes the longer way.
    if not v_row operator(pg_catalog.~) '""|,,|[{}]|[nN][uU][lL][lL]' then
        if pg_catalog.starts_with(v_row, ',') then
            v_row := 'null' operator(pg_catalog.||) v_row;
        end if;
        if pg_catalog.right(v_row, 1) operator(pg_catalog.=) ',' then
            v_row := v_row operator(pg_catalog.||) 'null';
        end if;
        return ('{' operator(pg_catalog.||) v_row operator(pg_catalog.||) '}')::pg_catalog.text[];
    end if;

    -- Split at quotes, every second part is inside them; an empty part between two of those is a doubled quote. Outside,
    -- commas become \x01 and missing values \x02, so that one split is left to do.
    if pg_catalog.strpos(v_row, E'\x01') operator(pg_catalog.=) 0 and pg_catalog.strpos(v_row, E'\x02') operator(pg_catalog.=) 0 then
        v_parts := pg_catalog.string_to_array(v_row, '"');
        v_count := pg_catalog.cardinality(v_parts);
        return pg_catalog.string_to_array((
            select pg_catalog.string_agg(
                       case when (p.place operator(pg_catalog.%) 2::bigint) operator(pg_catalog.=) 0::bigint then pg_catalog.replace(p.part, E'\\\\', E'\\')
                            when p.part operator(pg_catalog.=) '' then case when p.place operator(pg_catalog.>) 1::bigint and p.place operator(pg_catalog.<) v_count then '"' else '' end
                            else case when p.place operator(pg_catalog.=) 1::bigint and pg_catalog.starts_with(p.part, ',')
                                      then E'\x02' else '' end
                              operator(pg_catalog.||) pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(
                                     p.part, ',,', E',\x02,'), ',,', E',\x02,'), ',', E'\x01')
                              operator(pg_catalog.||) case when p.place operator(pg_catalog.=) v_count and pg_catalog.right(p.part, 1) operator(pg_catalog.=) ','
                                      then E'\x02' else '' end
                       end, '' order by p.place)
              from pg_catalog.unnest(v_parts) with ordinality p(part, place)), E'\x01', E'\x02');
    end if;

    return (
        select pg_catalog.array_agg(
                   case when field.part[1] is not null
                        then pg_catalog.replace(pg_catalog.replace(field.part[1], '""', '"'), E'\\\\', E'\\')
                        when field.part[2] operator(pg_catalog.<>) '' then field.part[2]
                   end order by field.place)
          from pg_catalog.regexp_matches(v_row operator(pg_catalog.||) ',', '(?:"((?:[^"]|"")*)"|([^,"]*)),', 'g')
               with ordinality field(part, place));
end;
$$ language plpgsql immutable strict;
