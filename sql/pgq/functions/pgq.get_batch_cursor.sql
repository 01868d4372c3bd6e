-- pgq.get_batch_cursor: opens a cursor over the events of a batch and gives its first rows.
-- Parameters: i_batch_id - batch; i_cursor_name - name of the cursor, good until the end of the transaction; i_quick_limit -
-- number of rows given at once; i_extra_where - condition on the event columns.
-- Returns: first rows of the cursor, the caller fetches the rest; no rows and no cursor when one of the first three
-- parameters is NULL; error when no such batch is open.
-- Tables written: none.
create or replace function pgq.get_batch_cursor(
    in i_batch_id bigint, in i_cursor_name text, in i_quick_limit integer, in i_extra_where text,
    out ev_id bigint, out ev_time timestamptz, out ev_txid bigint, out ev_retry integer,
    out ev_type text, out ev_data text,
    out ev_extra1 text, out ev_extra2 text, out ev_extra3 text, out ev_extra4 text)
returns setof record as $$
-- @plpgsql_check_options: extra_warnings = off
declare
    v_cursor pg_catalog.refcursor := i_cursor_name::pg_catalog.refcursor;
    v_sql pg_catalog.text;
begin
    if i_batch_id is null or i_cursor_name is null or i_quick_limit is null then
        return;
    end if;
    v_sql := pgq.batch_event_sql(i_batch_id);
    if i_extra_where is not null then
        v_sql := 'select ev.ev_id, ev.ev_time, ev.ev_txid, ev.ev_retry, ev.ev_type, ev.ev_data,'
              operator(pg_catalog.||) ' ev.ev_extra1, ev.ev_extra2, ev.ev_extra3, ev.ev_extra4'
              operator(pg_catalog.||) ' from (' operator(pg_catalog.||) v_sql operator(pg_catalog.||) ') ev where (' operator(pg_catalog.||) i_extra_where operator(pg_catalog.||) ')';
    end if;
    open v_cursor no scroll for execute v_sql;
    if i_quick_limit operator(pg_catalog.>) 0 then
        return query execute pg_catalog.format('fetch forward %s from %I', i_quick_limit, i_cursor_name);
    end if;
end;
$$ language plpgsql;

create or replace function pgq.get_batch_cursor(
    in i_batch_id bigint, in i_cursor_name text, in i_quick_limit integer,
    out ev_id bigint, out ev_time timestamptz, out ev_txid bigint, out ev_retry integer,
    out ev_type text, out ev_data text,
    out ev_extra1 text, out ev_extra2 text, out ev_extra3 text, out ev_extra4 text)
returns setof record as $$
begin
    return query
    select f.ev_id, f.ev_time, f.ev_txid, f.ev_retry, f.ev_type, f.ev_data,
           f.ev_extra1, f.ev_extra2, f.ev_extra3, f.ev_extra4
      from pgq.get_batch_cursor(i_batch_id, i_cursor_name, i_quick_limit, null) f;
end;
$$ language plpgsql strict;
