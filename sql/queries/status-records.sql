-- $1: queues. One row: what their nodes left out, and what was in the way. Of the newest 10,000 entries only: this is
-- read every second, and nobody empties these tables.
select
    (select coalesce(json_agg(json_build_object(
                'queue', i.queue_name,
                'node', i.node_name,
                'count', least(r.count, 10000),
                'more', r.count > 10000,
                'lastDay', least(r.last_day, 10000),
                'newest', to_char(r.newest at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
                'ageMs', extract(epoch from pg_catalog.clock_timestamp() - r.newest) * 1000)), '[]')
       from pgq_node.node_info i
       cross join lateral (
           select count(*) as count,
                  count(*) filter (where k.skipped_at > pg_catalog.clock_timestamp() - interval '1 day') as last_day,
                  max(k.skipped_at) as newest
             from (select s.skipped_at
                     from trunkline.skipped_event s
                    where s.queue_name = i.queue_name and s.node_name = i.node_name
                    order by s.event_id desc
                    limit 10001) k) r
      where i.queue_name = any ($1::text[]) and r.count > 0) as skipped,
    (select coalesce(json_agg(json_build_object(
                'queue', r.queue_name,
                'node', r.node_name,
                'count', least(r.count, 10000),
                'more', r.more,
                'lastDay', least(r.last_day, 10000),
                'newest', to_char(r.newest at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
                'ageMs', extract(epoch from pg_catalog.clock_timestamp() - r.newest) * 1000)), '[]')
       from (select k.queue_name, k.node_name,
                    count(*) as count,
                    sum(count(*)) over () > 10000 as more,
                    count(*) filter (where k.noticed_at > pg_catalog.clock_timestamp() - interval '1 day') as last_day,
                    max(k.noticed_at) as newest
               from (select c.queue_name, c.node_name, c.noticed_at
                       from trunkline.conflict c
                      order by c.conflict_id desc
                      limit 10001) k
              group by k.queue_name, k.node_name) r
      where r.queue_name = any ($1::text[])) as conflicts
