-- trunkline_capture.begin_run: notes an INSERT for keep_order, as a MERGE may have deleted rows as well, and that is captured
-- later. Only where rows of the table were deleted does it matter, and not all of it is known yet.
-- Parameters: i_table - table; i_sequence - that of the events' ids.
-- Returns: true.
-- Tables written: none; a setting of the transaction remembers the run.
create or replace function trunkline_capture.begin_run(i_table oid, i_sequence text)
returns boolean as $$
declare
    v_now constant bigint := trunkline_capture.rows_changed(i_table);
begin
    perform pg_catalog.set_config(
        pg_catalog.format('trunkline_capture.run_%s', i_table),
        pg_catalog.concat_ws(' ', pg_catalog.nextval(i_sequence::pg_catalog.regclass), v_now, v_now, pg_catalog.pg_trigger_depth(), v_now),
        true);
    return true;
end;
$$ language plpgsql;
