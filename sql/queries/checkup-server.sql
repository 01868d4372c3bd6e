-- $1: from how many milliseconds on a transaction is old. One row: what of the server and the user's own settings gets in the way of replication. Settings are those that a session
-- begins with. A user who may not look at the sessions of others sees only their own transactions.
select
    pg_catalog.pg_is_in_recovery() as in_recovery,
    (select json_object_agg(s.name, s.reset_val)
       from pg_catalog.pg_settings s
      where s.name = any (array['default_transaction_read_only', 'idle_session_timeout', 'max_connections',
                                'max_locks_per_transaction', 'max_prepared_transactions', 'statement_timeout',
                                'superuser_reserved_connections', 'transaction_timeout'])) as settings,
    (select count(*)::int from pg_catalog.pg_stat_activity a where a.backend_type = 'client backend') as connections,
    (select coalesce(json_agg(json_build_object(
                'pid', a.pid,
                'user', a.usename,
                'application', a.application_name,
                'database', a.datname,
                'ageMs', extract(epoch from pg_catalog.clock_timestamp() - a.xact_start) * 1000) order by a.xact_start), '[]')
       from pg_catalog.pg_stat_activity a
      where a.pid <> pg_catalog.pg_backend_pid()
        and a.backend_type = 'client backend'
        and (a.backend_xid is not null or a.backend_xmin is not null)
        and a.xact_start < pg_catalog.clock_timestamp() - $1::float8 * interval '1 ms') as transactions,
    (select coalesce(json_agg(json_build_object(
                'gid', p.gid,
                'owner', p.owner,
                'database', p.database,
                'ageMs', extract(epoch from pg_catalog.clock_timestamp() - p.prepared) * 1000) order by p.prepared), '[]')
       from pg_catalog.pg_prepared_xacts p
      where p.prepared < pg_catalog.clock_timestamp() - $1::float8 * interval '1 ms') as prepared,
    pg_catalog.has_database_privilege(pg_catalog.current_database(), 'create') as may_create,
    to_regclass('londiste.table_info') is not null as has_tables,
    to_regnamespace('trunkline_capture') is not null as has_capture,
    (select pg_catalog.pg_has_role(r.oid, 'member') from pg_catalog.pg_roles r where r.rolname = 'londiste_writer') as is_writer
