-- pgq.get_queue_info: shows the settings and the state of queues.
-- Parameters: i_queue_name - queue, NULL or none for all.
-- Returns: a row per queue, by name: settings; ticker_lag - age of the newest tick; ev_per_sec - events per second over the
-- last twenty ticks, NULL when they span no time; ev_new - events since the newest tick; last_tick_id.
-- Tables written: none.
create or replace function pgq.get_queue_info(
    in i_queue_name text,
    out queue_name text, out queue_ntables integer, out queue_cur_table integer,
    out queue_rotation_period interval, out queue_switch_time timestamptz,
    out queue_external_ticker boolean, out queue_ticker_paused boolean,
    out queue_ticker_max_count integer, out queue_ticker_max_lag interval, out queue_ticker_idle_period interval,
    out ticker_lag interval, out ev_per_sec double precision, out ev_new bigint, out last_tick_id bigint)
returns setof record as $$
begin
    return query
    select q.queue_name, q.queue_ntables, q.queue_cur_table, q.queue_rotation_period, q.queue_switch_time,
           q.queue_external_ticker, q.queue_ticker_paused, q.queue_ticker_max_count, q.queue_ticker_max_lag,
           q.queue_ticker_idle_period,
           pg_catalog.now() operator(pg_catalog.-) top.tick_time,
           case when base.tick_time operator(pg_catalog.<) top.tick_time
                then (top.tick_event_seq operator(pg_catalog.-) base.tick_event_seq)::double precision
                     operator(pg_catalog./) extract(epoch from (top.tick_time operator(pg_catalog.-) base.tick_time))::double precision
           end,
           pgq.seq_getval(q.queue_event_seq) operator(pg_catalog.-) top.tick_event_seq,
           top.tick_id
      from pgq.queue q
      left join lateral (
           select t.tick_id, t.tick_time, t.tick_event_seq
             from pgq.tick t
            where t.tick_queue operator(pg_catalog.=) q.queue_id
            order by t.tick_queue desc, t.tick_id desc
            limit 1) top on true
      left join lateral (
           select t.tick_time, t.tick_event_seq
             from pgq.tick t
            where t.tick_queue operator(pg_catalog.=) q.queue_id
              and t.tick_id operator(pg_catalog.>=) (top.tick_id operator(pg_catalog.-) 20)
            order by t.tick_queue, t.tick_id
            limit 1) base on true
     where i_queue_name is null
        or q.queue_name operator(pg_catalog.=) i_queue_name
     order by q.queue_name;
end;
$$ language plpgsql;

create or replace function pgq.get_queue_info(
    out queue_name text, out queue_ntables integer, out queue_cur_table integer,
    out queue_rotation_period interval, out queue_switch_time timestamptz,
    out queue_external_ticker boolean, out queue_ticker_paused boolean,
    out queue_ticker_max_count integer, out queue_ticker_max_lag interval, out queue_ticker_idle_period interval,
    out ticker_lag interval, out ev_per_sec double precision, out ev_new bigint, out last_tick_id bigint)
returns setof record as $$
begin
    return query
    select f.queue_name, f.queue_ntables, f.queue_cur_table, f.queue_rotation_period, f.queue_switch_time,
           f.queue_external_ticker, f.queue_ticker_paused, f.queue_ticker_max_count, f.queue_ticker_max_lag,
           f.queue_ticker_idle_period, f.ticker_lag, f.ev_per_sec, f.ev_new, f.last_tick_id
      from pgq.get_queue_info(null) f;
end;
$$ language plpgsql;
