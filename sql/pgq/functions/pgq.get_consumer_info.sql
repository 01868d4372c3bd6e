-- pgq.get_consumer_info: shows where consumers stand.
-- Parameters: i_queue_name - queue, i_consumer_name - consumer; NULL or none for all.
-- Returns: a row per subscription, by queue and consumer: lag - age of the last finished tick; last_seen - time since the
-- consumer last opened or finished a batch; last_tick; current_batch and next_tick while a batch is open; pending_events -
-- events between its position and the newest tick.
-- Tables written: none.
create or replace function pgq.get_consumer_info(
    in i_queue_name text, in i_consumer_name text,
    out queue_name text, out consumer_name text, out lag interval, out last_seen interval,
    out last_tick bigint, out current_batch bigint, out next_tick bigint, out pending_events bigint)
returns setof record as $$
begin
    return query
    select q.queue_name, c.co_name,
           pg_catalog.now() operator(pg_catalog.-) t.tick_time,
           pg_catalog.now() operator(pg_catalog.-) s.sub_active,
           s.sub_last_tick, s.sub_batch, s.sub_next_tick,
           top.tick_event_seq operator(pg_catalog.-) t.tick_event_seq
      from pgq.subscription s
      join pgq.queue q on q.queue_id operator(pg_catalog.=) s.sub_queue
      join pgq.consumer c on c.co_id operator(pg_catalog.=) s.sub_consumer
      left join pgq.tick t on t.tick_queue operator(pg_catalog.=) s.sub_queue and t.tick_id operator(pg_catalog.=) s.sub_last_tick
      left join lateral (
           select n.tick_event_seq
             from pgq.tick n
            where n.tick_queue operator(pg_catalog.=) s.sub_queue
            order by n.tick_queue desc, n.tick_id desc
            limit 1) top on true
     where (i_queue_name is null or q.queue_name operator(pg_catalog.=) i_queue_name)
       and (i_consumer_name is null or c.co_name operator(pg_catalog.=) i_consumer_name)
     order by q.queue_name, c.co_name;
end;
$$ language plpgsql security definer;

create or replace function pgq.get_consumer_info(
    in i_queue_name text,
    out queue_name text, out consumer_name text, out lag interval, out last_seen interval,
    out last_tick bigint, out current_batch bigint, out next_tick bigint, out pending_events bigint)
returns setof record as $$
begin
    return query
    select f.queue_name, f.consumer_name, f.lag, f.last_seen, f.last_tick, f.current_batch, f.next_tick, f.pending_events
      from pgq.get_consumer_info(i_queue_name, null) f;
end;
$$ language plpgsql security definer;

create or replace function pgq.get_consumer_info(
    out queue_name text, out consumer_name text, out lag interval, out last_seen interval,
    out last_tick bigint, out current_batch bigint, out next_tick bigint, out pending_events bigint)
returns setof record as $$
begin
    return query
    select f.queue_name, f.consumer_name, f.lag, f.last_seen, f.last_tick, f.current_batch, f.next_tick, f.pending_events
      from pgq.get_consumer_info(null, null) f;
end;
$$ language plpgsql security definer;
