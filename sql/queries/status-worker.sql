-- $1: queues. One row: heartbeats of the workers, how far first copies are, and which of our SQL is installed.
select
    (select coalesce(json_agg(json_build_object(
                'queue', w.queue_name,
                'node', w.node_name,
                'state', w.state,
                'host', w.host,
                'pid', w.pid,
                'ageMs', extract(epoch from pg_catalog.clock_timestamp() - w.heartbeat_at) * 1000)), '[]')
       from trunkline.worker_status w
      where w.queue_name = any ($1::text[])) as heartbeats,
    (select coalesce(json_agg(json_build_object(
                'queue', c.queue_name,
                'table', c.table_name,
                'phase', c.phase,
                'rowsDone', c.rows_done::text,
                'rowsTotal', c.rows_total::text,
                'bytesDone', c.bytes_done::text,
                'ageMs', extract(epoch from pg_catalog.clock_timestamp() - c.updated_at) * 1000)), '[]')
       from trunkline.copy_progress c
      where c.queue_name = any ($1::text[])) as copies,
    (select coalesce(json_agg(json_build_object('name', c.component, 'version', c.version)), '[]')
       from trunkline.component c
      where c.source = 'bundled'
        and not exists (select 1 from pg_catalog.pg_extension e where e.extname = c.component)) as components
