-- trunkline_capture.ends_run: may the run noted last be of the statement that deletes now? keep_order finds out.
-- Parameters: i_table - table.
-- Returns: true or false.
-- Tables written: none.
create or replace function trunkline_capture.ends_run(i_table oid)
returns boolean as $$
begin
    return pg_catalog.strpos(
        pg_catalog.current_setting(pg_catalog.format('trunkline_capture.run_%s', i_table), true),
        pg_catalog.concat(' ', trunkline_capture.rows_changed(i_table), ' ')) operator(pg_catalog.>) 0;
end;
$$ language plpgsql;
