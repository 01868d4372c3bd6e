-- One row: the nodes that this database holds, one per queue, with their members and subscribers, as JSON.
-- Tick ids travel as text: JSON numbers are not exact beyond 2^53.
select coalesce(json_agg(json_build_object(
    'queue', n.queue_name,
    'name', n.node_name,
    'type', n.node_type,
    'worker', n.worker_name,
    'provider', s.provider_node,
    'combined', n.combined_queue,
    'lastTick', coalesce(
        case
            when n.node_type = 'root'
                then (select max(t.tick_id) from pgq.tick t where t.tick_queue = q.queue_id)
            else s.last_tick_id
        end, 0)::text,
    'paused', coalesce(s.paused, false),
    'uptodate', coalesce(s.uptodate, false),
    'error', s.cur_error,
    'sinceTickMs', (
        select extract(epoch from pg_catalog.clock_timestamp() - max(t.tick_time)) * 1000
          from pgq.tick t
         where t.tick_queue = q.queue_id),
    'closed', coalesce(q.queue_disable_insert, false),
    'ticker', case when q.queue_id is not null then json_build_object(
        'maxCount', q.queue_ticker_max_count,
        'maxLagMs', round(extract(epoch from q.queue_ticker_max_lag) * 1000),
        'idlePeriodMs', round(extract(epoch from q.queue_ticker_idle_period) * 1000),
        'rotationPeriodMs', round(extract(epoch from q.queue_rotation_period) * 1000)) end,
    'members', (
        select coalesce(json_agg(json_build_array(l.node_name, l.node_location, l.dead) order by l.node_name), '[]')
          from pgq_node.node_location l
         where l.queue_name = n.queue_name),
    'subscribers', (
        select coalesce(json_agg(json_build_array(
                   i.subscriber_node, i.worker_name, w.sub_last_tick::text, r.sub_last_tick::text)
                   order by i.subscriber_node), '[]')
          from pgq_node.subscriber_info i
          left join pgq.consumer wc on wc.co_name = i.watermark_name
          left join pgq.subscription w on w.sub_queue = q.queue_id and w.sub_consumer = wc.co_id
          left join pgq.consumer rc on rc.co_name = i.worker_name
          left join pgq.subscription r on r.sub_queue = q.queue_id and r.sub_consumer = rc.co_id
         where i.queue_name = n.queue_name)) order by n.queue_name), '[]') as nodes
from pgq_node.node_info n
left join pgq_node.local_state s
  on s.queue_name = n.queue_name
 and s.consumer_name = n.worker_name
left join pgq.queue q on q.queue_name = n.queue_name
