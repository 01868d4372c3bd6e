-- trunkline_capture.insert_row: stores an event by a statement whose plan stays cached. The body is written anew by
-- trunkline_capture.refresh_insert_row, with a branch for each queue; this one knows none.
-- Parameters: i_queue, i_table - queue id and number of its current table; i_id, i_time, i_owner, i_retry, i_type, i_data,
-- i_extra1..4 - the event.
-- Returns: id of the event; NULL when there is no branch for the table, and nothing was done.
-- Tables written: event table.
create or replace function trunkline_capture.insert_row(
    i_queue integer, i_table integer, i_id bigint, i_time timestamptz, i_owner integer, i_retry integer,
    i_type text, i_data text, i_extra1 text, i_extra2 text, i_extra3 text, i_extra4 text)
returns bigint as $$
-- @plpgsql_check_options: extra_warnings = off
begin
    return null;
end;
$$ language plpgsql;
