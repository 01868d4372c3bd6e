-- trunkline_capture.capture_name: name of the trigger function of one table, whatever characters the table's name has.
-- Parameters: i_queue_name - queue; i_name - name of the table in the events.
-- Returns: name with its schema, ready for use in SQL.
-- Tables written: none.
create or replace function trunkline_capture.capture_name(i_queue_name text, i_name text)
returns text as $$
    select 'trunkline_capture.table_' operator(pg_catalog.||) pg_catalog.md5(i_queue_name operator(pg_catalog.||) '/' operator(pg_catalog.||) i_name);
$$ language sql immutable strict;
