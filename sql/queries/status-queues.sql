-- $1: queues. One row: what goes on in those queues, and where their consumers are.
select coalesce(json_agg(json_build_object(
    'queue', q.queue_name,
    'newestTick', newest.tick_id::text,
    'sinceTickMs', extract(epoch from pg_catalog.clock_timestamp() - newest.tick_time) * 1000,
    'eventsWaiting', (pgq.seq_getval(q.queue_event_seq) - newest.tick_event_seq)::text,
    'maxLagMs', extract(epoch from q.queue_ticker_max_lag) * 1000,
    'idlePeriodMs', extract(epoch from q.queue_ticker_idle_period) * 1000,
    'rotationPeriodMs', extract(epoch from q.queue_rotation_period) * 1000,
    'tickerPaused', q.queue_ticker_paused,
    'sinceRotationMs', extract(epoch from pg_catalog.clock_timestamp() - q.queue_switch_time) * 1000,
    'bytes', (
        -- The parent is named in the queue; what holds events inherits from it.
        select coalesce(sum(pg_catalog.pg_total_relation_size(h.inhrelid)), 0)::text
          from pg_catalog.pg_inherits h
         where h.inhparent = pg_catalog.to_regclass(pgq.quote_fqname(q.queue_data_pfx))),
    'eventsWritten', pgq.seq_getval(q.queue_event_seq)::text,
    'eventBytes', (
        -- Of a few events the pages that are not full would say too much.
        select sum(pg_catalog.pg_table_size(h.inhrelid)) / nullif(sum(pg_catalog.pg_stat_get_live_tuples(h.inhrelid)), 0)
          from pg_catalog.pg_inherits h
         where h.inhparent = pg_catalog.to_regclass(pgq.quote_fqname(q.queue_data_pfx))
        having sum(pg_catalog.pg_stat_get_live_tuples(h.inhrelid)) >= 100),
    'heldBy', (
        -- The oldest that writes since before the last rotation: no tick's snapshot gets past it. Those of others show only to who may look at them.
        select json_build_object('gid', x.gid, 'pid', x.pid, 'user', x.username, 'database', x.dbname,
                                 'sinceMs', extract(epoch from pg_catalog.clock_timestamp() - x.since) * 1000)
          from (select p.transaction as xid, p.gid, null::int as pid, p.owner as username, p.database as dbname, p.prepared as since
                  from pg_catalog.pg_prepared_xacts p
                union all
                select a.backend_xid, null, a.pid, a.usename, a.datname, a.xact_start
                  from pg_catalog.pg_stat_activity a
                 where a.backend_xid is not null and a.pid <> pg_catalog.pg_backend_pid()) x
         where pg_catalog.age(x.xid) >= pg_catalog.age((q.queue_switch_step2 & 4294967295)::text::xid)
         order by pg_catalog.age(x.xid) desc
         limit 1),
    'consumers', (
        select coalesce(json_agg(json_build_object(
                   'name', c.co_name,
                   'tick', s.sub_last_tick::text,
                   'lagMs', extract(epoch from pg_catalog.clock_timestamp() - own.tick_time) * 1000,
                   'ticksBehind', (
                       select count(*)::text
                         from pgq.tick t
                        where t.tick_queue = q.queue_id and t.tick_id > s.sub_last_tick),
                   'eventsBehind', greatest(newest.tick_event_seq - own.tick_event_seq, 0)::text,
                   'eventsDone', own.tick_event_seq::text,
                   'sinceSeenMs', extract(epoch from pg_catalog.clock_timestamp() - s.sub_active) * 1000)), '[]')
          from pgq.subscription s
          join pgq.consumer c on c.co_id = s.sub_consumer
          left join pgq.tick own on own.tick_queue = q.queue_id and own.tick_id = s.sub_last_tick
         where s.sub_queue = q.queue_id and s.sub_last_tick is not null))), '[]') as queues
from pgq.queue q
join lateral (
    select t.tick_id, t.tick_time, t.tick_event_seq
      from pgq.tick t
     where t.tick_queue = q.queue_id
     order by t.tick_queue desc, t.tick_id desc
     limit 1) newest on true
where q.queue_name = any ($1::text[])
