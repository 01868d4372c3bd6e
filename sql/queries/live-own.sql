-- One row: what schema trunkline keeps, as JSON. `applied`: what the queues of this root were last brought to, where their
-- databases were, and what of it is still to be done. `quiet`: tables whose first copy is not done, and how long nothing was
-- heard of it. `seen`: which servers the workers of nodes on this database met.
select
    (select coalesce(json_agg(json_build_object(
         'queue', a.queue_name,
         'config', coalesce(a.config -> 'files', a.config)::text,
         'databases', a.config -> 'databases_seen',
         'at', to_char(a.applied_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'),
         'by', a.applied_by,
         'pending', (
             select coalesce(json_agg(p.step_id order by p.step_id), '[]')
               from trunkline.pending_step p
              where p.queue_name = a.queue_name)) order by a.queue_name), '[]')
       from trunkline.last_applied a) as applied,
    (select coalesce(json_agg(json_build_array(
         t.queue_name,
         t.table_name,
         extract(epoch from pg_catalog.clock_timestamp() - coalesce(c.updated_at, w.heartbeat_at)) * 1000)
         order by t.queue_name, t.nr), '[]')
       from londiste.table_info t
       left join trunkline.copy_progress c on c.queue_name = t.queue_name and c.table_name = t.table_name
       left join trunkline.worker_status w on w.queue_name = t.queue_name
      where t.local
        and t.merge_state is distinct from 'ok'
        and coalesce(c.updated_at, w.heartbeat_at) is not null) as quiet,
    (select coalesce(json_agg(json_build_array(
         w.queue_name,
         w.node_name,
         w.detail ->> 'own_server',
         w.detail ->> 'provider',
         w.detail ->> 'provider_server') order by w.queue_name, w.node_name), '[]')
       from trunkline.worker_status w) as seen
