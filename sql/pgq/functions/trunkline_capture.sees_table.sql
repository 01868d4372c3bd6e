-- trunkline_capture.sees_table: do the catalogs, as this transaction sees them, tell of a table as it is? A transaction at
-- repeatable read or above goes on seeing the columns of before an ALTER TABLE that was committed meanwhile, while the rows
-- that it writes have those of now, which the server's caches know.
-- Parameters: i_table - table.
-- Returns: true or false.
-- Tables written: none.
create or replace function trunkline_capture.sees_table(i_table oid)
returns boolean as $$
declare
    v_class constant pg_catalog.oid := 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid;
    v_same boolean;
    v_next integer;
begin
    if pg_catalog.current_setting('transaction_isolation') operator(pg_catalog.<>) all (array['repeatable read', 'serializable']) then
        return true;
    end if;
    select coalesce(pg_catalog.bool_and(a.attname::pg_catalog.text operator(pg_catalog.=)
               (select n.object_names[3] from pg_catalog.pg_identify_object_as_address(v_class, i_table, a.attnum::integer) n)), true),
           coalesce(pg_catalog.max(a.attnum), 0::smallint)::integer operator(pg_catalog.+) 1
      into v_same, v_next
      from pg_catalog.pg_attribute a
     where a.attrelid operator(pg_catalog.=) i_table
       and a.attnum operator(pg_catalog.>) 0::smallint;
    if not v_same then
        return false;
    end if;
    -- Whether there is one more. Before 14 it is an error to ask for a column that there is not.
    begin
        return (select n.object_names[3] is null from pg_catalog.pg_identify_object_as_address(v_class, i_table, v_next) n);
    exception when internal_error then
        return true;
    end;
end;
$$ language plpgsql stable strict;
