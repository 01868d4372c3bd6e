-- trunkline_capture.shape: says in one text what the capture of a table was written for. It counts as immutable, so that the
-- server asks it when it plans and not when it runs: an expression that names the table by a constant is planned anew whenever
-- that has changed in any way.
-- Parameters: i_table - table.
-- Returns: columns with their types, the key, and whether other triggers follow a change; null where the transaction can not tell.
-- Tables written: none.
create or replace function trunkline_capture.shape(i_table oid)
returns text as $$
    select case when trunkline_capture.sees_table(i_table) then pg_catalog.md5(pg_catalog.concat_ws('/',
        (select pg_catalog.string_agg(pg_catalog.concat_ws(' ', a.attnum, a.atttypid, a.attname), ',' order by a.attnum)
           from pg_catalog.pg_attribute a
          where a.attrelid operator(pg_catalog.=) i_table
            and a.attnum operator(pg_catalog.>) 0::smallint
            and not a.attisdropped),
        (select pg_catalog.concat_ws(' ', i.indkey::pg_catalog.text, i.indnkeyatts, i.indimmediate)
           from pg_catalog.pg_index i
          where i.indrelid operator(pg_catalog.=) i_table and i.indisprimary),
        trunkline_capture.has_after_triggers(i_table))) end;
$$ language sql immutable strict;
