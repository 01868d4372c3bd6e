-- pgq.get_batch_events: reads the events of a batch.
-- Parameters: x_batch_id - batch.
-- Returns: events in the order of their ids; error when no such batch is open.
-- Tables written: none.
create or replace function pgq.get_batch_events(
    in x_batch_id bigint,
    out ev_id bigint, out ev_time timestamptz, out ev_txid bigint, out ev_retry integer,
    out ev_type text, out ev_data text,
    out ev_extra1 text, out ev_extra2 text, out ev_extra3 text, out ev_extra4 text)
returns setof record as $$
-- @plpgsql_check_options: extra_warnings = off
begin
    return query execute pgq.batch_event_sql(x_batch_id);
end;
$$ language plpgsql;
