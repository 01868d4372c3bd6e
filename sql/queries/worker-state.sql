-- $1: queue; $2: the versions of its tables that the caller has, or NULL. One row where the queue has a node on this database.
select i.node_name, i.node_type, i.node_attrs, i.worker_name, s.provider_node, s.last_tick_id, s.paused, s.uptodate, s.cur_error,
    i.combined_queue, c.node_type as combined_type,
    trunkline.get_hold(i.queue_name, i.node_name) as hold,
    exists (select from londiste.pending_fkeys) as pending_keys,
    exists (select from londiste.seq_info q where q.queue_name = i.queue_name and q.local) as sequences,
    (select json_agg(k.event_id) from trunkline.skipped_event k
        where k.queue_name = i.queue_name and k.node_name = i.node_name and k.tick_id > s.last_tick_id) as skipped,
    v.versions,
    case when v.versions is distinct from $2::text then coalesce((
        select json_agg(json_build_object(
            'name', t.table_name, 'state', t.merge_state, 'snapshot', t.custom_snapshot,
            'attrs', t.table_attrs, 'destination', t.dest_table,
            -- Read once, not for each table: few have one.
            'error', (select jsonb_object_agg(e.consumer_name, e.cur_error) from pgq_node.local_state e
                where e.queue_name = $1 and e.cur_error is not null) ->> (i.worker_name || '.copy.' || t.table_name)) order by t.nr)
        from londiste.table_info t
        where t.queue_name = i.queue_name and t.local), '[]') end as tables
from pgq_node.node_info i
join pgq_node.local_state s on s.queue_name = i.queue_name and s.consumer_name = i.worker_name
left join pgq_node.node_info c on c.queue_name = i.combined_queue
cross join lateral (
    -- Whoever writes a row makes another version of it.
    select md5(coalesce(
        (select string_agg(t.xmin::text, ',' order by t.nr) from londiste.table_info t
            where t.queue_name = i.queue_name and t.local), '') || ';' || coalesce(
        (select string_agg(e.xmin::text, ',' order by e.consumer_name) from pgq_node.local_state e
            where e.queue_name = i.queue_name and e.consumer_name like '%.copy.%'), '')) as versions offset 0) v
where i.queue_name = $1
