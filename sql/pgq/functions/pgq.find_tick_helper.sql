-- pgq.find_tick_helper: chooses the end tick of a batch that should hold a number of events or span a time.
-- Parameters: i_queue_id - queue; i_prev_tick_id, i_prev_tick_time, i_prev_tick_seq - tick the batch starts with;
-- i_min_count, i_min_interval - what the batch should reach, either suffices, NULL means no such wish.
-- Returns: one row: id, time and event sequence of the tick, all NULL when no tick qualifies.
-- Tables written: none.
create or replace function pgq.find_tick_helper(
    in i_queue_id integer, in i_prev_tick_id bigint, in i_prev_tick_time timestamptz, in i_prev_tick_seq bigint,
    in i_min_count bigint, in i_min_interval interval,
    out next_tick_id bigint, out next_tick_time timestamptz, out next_tick_seq bigint)
as $$
declare
    v_found boolean;
begin
    select t.tick_id, t.tick_time, t.tick_event_seq
      into next_tick_id, next_tick_time, next_tick_seq
      from pgq.tick t
     where t.tick_queue operator(pg_catalog.=) i_queue_id
       and t.tick_id operator(pg_catalog.>) i_prev_tick_id
     order by t.tick_queue desc, t.tick_id desc
     limit 1;
    v_found := found
        and (coalesce((next_tick_seq operator(pg_catalog.-) i_prev_tick_seq) operator(pg_catalog.>=) i_min_count, false)
             or coalesce((next_tick_time operator(pg_catalog.-) i_prev_tick_time) operator(pg_catalog.>=) i_min_interval, false));
    if not v_found then
        next_tick_id := null;
        next_tick_time := null;
        next_tick_seq := null;
        return;
    end if;

    -- Far more than asked for has piled up: take a part of it.
    if coalesce((next_tick_seq operator(pg_catalog.-) i_prev_tick_seq) operator(pg_catalog.>) (i_min_count operator(pg_catalog.*) 2::bigint), false)
       or coalesce((next_tick_time operator(pg_catalog.-) i_prev_tick_time) operator(pg_catalog.>) (i_min_interval operator(pg_catalog.*) 2::double precision), false)
    then
        select t.tick_id, t.tick_time, t.tick_event_seq
          into next_tick_id, next_tick_time, next_tick_seq
          from pgq.tick t
         where t.tick_queue operator(pg_catalog.=) i_queue_id
           and t.tick_id operator(pg_catalog.>) i_prev_tick_id
           and ((t.tick_event_seq operator(pg_catalog.-) i_prev_tick_seq) operator(pg_catalog.>=) i_min_count
                or (t.tick_time operator(pg_catalog.-) i_prev_tick_time) operator(pg_catalog.>=) i_min_interval)
         order by t.tick_queue, t.tick_id
         limit 1;
    end if;
end;
$$ language plpgsql stable;
