-- trunkline_capture.row_values: takes the text form of a row apart.
-- Parameters: i_row - output of a composite value, such as (1,"a b",); i_count - number of its columns.
-- Returns: output text of each column, NULL for null.
-- Tables written: none.
create or replace function trunkline_capture.row_values(i_row text, i_count integer)
returns text[] as $$
declare
    v_row constant pg_catalog.text := pg_catalog.substr(i_row, 2, pg_catalog.length(i_row) operator(pg_catalog.-) 2);
begin
    if i_count operator(pg_catalog.=) 1 and v_row operator(pg_catalog.=) '' then
        return array[null::pg_catalog.text];
    end if;
    -- A value is in quotes when it is empty or has a blank, comma, quote, backslash or parenthesis.
    if pg_catalog.strpos(v_row, '"') operator(pg_catalog.=) 0 then
        return pg_catalog.string_to_array(v_row, ',', '');
    end if;
    return (
        select pg_catalog.array_agg(
                   case when field.part[1] is not null
                        then pg_catalog.replace(pg_catalog.replace(field.part[1], '""', '"'), '\\', '\')
                        when field.part[2] <> '' then field.part[2]
                   end order by field.place)
          from pg_catalog.regexp_matches(v_row || ',', '(?:"((?:[^"]|"")*)"|([^,"]*)),', 'g')
               with ordinality field(part, place));
end;
$$ language plpgsql immutable strict;
