-- $1: queue. The node of the queue on this database, how far it is, and when its worker last reported.
select
    i.node_name,
    i.node_type,
    i.worker_name,
    s.provider_node,
    s.last_tick_id,
    s.paused,
    s.uptodate,
    s.cur_error,
    -- NULL where none ever ran, or the last one said that it ends.
    case when w.state <> 'stopped' then
        (extract(epoch from pg_catalog.clock_timestamp() - w.heartbeat_at) * 1000)::float8
    end as heartbeat_age_ms
from pgq_node.node_info i
join pgq_node.local_state s on s.queue_name = i.queue_name and s.consumer_name = i.worker_name
left join trunkline.worker_status w on w.queue_name = i.queue_name and w.node_name = i.node_name
where i.queue_name = $1
