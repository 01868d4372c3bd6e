-- $1: queues. One row: the nodes of those queues that this database holds, as JSON. Whole numbers that may be large
-- travel as text, as JSON numbers are not exact beyond 2^53.
select coalesce(json_agg(json_build_object(
    'queue', i.queue_name,
    'node', i.node_name,
    'type', i.node_type,
    'worker', i.worker_name,
    'tick', s.last_tick_id::text,
    'paused', s.paused,
    'uptodate', s.uptodate,
    'error', s.cur_error,
    'givenUp', (
        select coalesce(json_agg(l.node_name order by l.node_name), '[]')
          from pgq_node.node_location l
         where l.queue_name = i.queue_name and l.dead and i.node_type = 'root'),
    'tables', (
        select coalesce(json_agg(json_build_object(
                   'name', t.table_name,
                   'target', coalesce(t.dest_table, t.table_name),
                   'state', t.merge_state,
                   'error', e.cur_error) order by t.nr), '[]')
          from londiste.table_info t
          left join pgq_node.local_state e
            on e.queue_name = t.queue_name and e.consumer_name = i.worker_name || '.copy.' || t.table_name
         where t.queue_name = i.queue_name and t.local))), '[]') as nodes
from pgq_node.node_info i
join pgq_node.local_state s on s.queue_name = i.queue_name and s.consumer_name = i.worker_name
where i.queue_name = any ($1::text[])
