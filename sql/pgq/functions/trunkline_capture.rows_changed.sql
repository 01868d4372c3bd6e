-- trunkline_capture.rows_changed: a count that grows with every row changed in a table, to tell what was done in this
-- transaction before something else.
-- Parameters: i_table - table.
-- Returns: the count.
-- Tables written: none.
create or replace function trunkline_capture.rows_changed(i_table oid)
returns bigint as $$
    select (pg_catalog.pg_stat_get_xact_tuples_inserted(i_table) operator(pg_catalog.+) pg_catalog.pg_stat_get_xact_tuples_updated(i_table))
           operator(pg_catalog.+) pg_catalog.pg_stat_get_xact_tuples_deleted(i_table);
$$ language sql volatile strict;
