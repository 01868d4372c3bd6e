-- trunkline_capture.trimmed: takes the blanks off the names of a list.
-- Parameters: i_names - names.
-- Returns: names without blanks around them.
-- Tables written: none.
create or replace function trunkline_capture.trimmed(i_names text[])
returns text[] as $$
declare
    v_names pg_catalog.text[] := i_names;
begin
    for i in 1 .. pg_catalog.cardinality(i_names) loop
        v_names[i] := pg_catalog.btrim(i_names[i]);
    end loop;
    return v_names;
end;
$$ language plpgsql immutable strict;
