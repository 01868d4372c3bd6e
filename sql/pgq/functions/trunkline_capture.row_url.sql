-- trunkline_capture.row_url: renders a row url-encoded.
-- Parameters: i_columns - names; i_values - output texts by the same place; i_left_out - names that stay out, or NULL.
-- Returns: name=value pairs joined by &; a NULL has no = sign.
-- Tables written: none.
create or replace function trunkline_capture.row_url(i_columns text[], i_values text[], i_left_out text[])
returns text as $$
declare
    v_count constant integer := pg_catalog.cardinality(i_columns);
    v_values pg_catalog.text[] := i_values;
    v_parts pg_catalog.text[] := array[]::pg_catalog.text[];
    v_place integer := 0;
    v_text pg_catalog.text := pg_catalog.array_to_string(i_values, E'\x01', E'\x02');
    v_whole boolean;
begin
    -- Values are encoded all together where they have nothing but the usual characters.
    if v_text operator(pg_catalog.~) E'[^-0-9A-Za-z_.\x01\x02]' then
        v_text := pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(
                  pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(
                      v_text, '%', '%25'), '+', '%2b'), ' ', '+'), ':', '%3a'), '/', '%2f'), ',', '%2c'), '@', '%40'),
                      '(', '%28'), ')', '%29'), '''', '%27');
        v_whole := not v_text operator(pg_catalog.~) E'[^-0-9A-Za-z_.%+\x01\x02]';
    else
        v_whole := true;
    end if;
    -- The two separators must not be part of a value themselves.
    v_whole := v_whole and v_count operator(pg_catalog.>) 1 and not pg_catalog.array_to_string(i_values, '') operator(pg_catalog.~) E'[\x01\x02]';
    if v_whole then
        if i_left_out is null and not pg_catalog.array_to_string(i_columns, '') operator(pg_catalog.~) '[^-0-9A-Za-z_.]' then
            return pg_catalog.replace(
                pg_catalog.format(pg_catalog.array_to_string(i_columns, '=%s&') operator(pg_catalog.||) '=%s',
                                  variadic pg_catalog.string_to_array(v_text, E'\x01')),
                E'=\x02', '');
        end if;
        v_values := pg_catalog.string_to_array(v_text, E'\x01', E'\x02');
    else
        for i in 1 .. v_count loop
            v_values[i] := trunkline_capture.urlencode(i_values[i]);
        end loop;
    end if;

    for i in 1 .. v_count loop
        if i_left_out is null or not i_columns[i] operator(pg_catalog.=) any (i_left_out) then
            v_place := v_place operator(pg_catalog.+) 1;
            v_parts[v_place] := trunkline_capture.urlencode(i_columns[i]) operator(pg_catalog.||) coalesce('=' operator(pg_catalog.||) v_values[i], '');
        end if;
    end loop;
    return pg_catalog.array_to_string(v_parts, '&');
end;
$$ language plpgsql immutable;
