-- $1: from how many milliseconds on a transaction is old. $2: oids of databases whose Trunkline sessions are our own, beside this one's. One row: what of the server and the user's own settings gets in the way of replication. Settings are those that a session
-- begins with. A user who may not look at the sessions of others sees only their own transactions, and that the others are there.
with others as (
    select a.usesysid, a.datid
      from pg_catalog.pg_stat_activity a
     where coalesce(a.backend_type, 'client backend') = 'client backend'
       and a.usesysid is not null
       and a.datid is not null
       and not ((a.datname = pg_catalog.current_database() or a.datid = any ($2::pg_catalog.oid[])) and a.application_name like 'trunkline %')
)
select
    pg_catalog.pg_is_in_recovery() as in_recovery,
    (select json_object_agg(s.name, s.reset_val)
       from pg_catalog.pg_settings s
      where s.name = any (array['default_transaction_read_only', 'idle_session_timeout', 'max_connections',
                                'max_locks_per_transaction', 'max_prepared_transactions', 'statement_timeout',
                                'transaction_timeout'])) as settings,
    (select json_agg(json_build_object('of', l.kind, 'limit', l.most, 'taken', l.taken))
       from (
            select 'server' as kind,
                   pg_catalog.current_setting('max_connections')::int as most,
                   count(*) + pg_catalog.current_setting('superuser_reserved_connections')::int
                       + coalesce(pg_catalog.current_setting('reserved_connections', true)::int, 0) as taken
              from others
             union all
            select 'role', r.rolconnlimit, (select count(*) from others o where o.usesysid = r.oid)
              from pg_catalog.pg_roles r
             where r.rolname = session_user and r.rolconnlimit >= 0 and not r.rolsuper
             union all
            select 'database', d.datconnlimit, (select count(*) from others o where o.datid = d.oid)
              from pg_catalog.pg_database d
              join pg_catalog.pg_roles r on r.rolname = session_user and not r.rolsuper
             where d.datname = pg_catalog.current_database() and d.datconnlimit >= 0) l) as connections,
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
    -- What makes a value's text mean another one elsewhere, or less, for sessions that do not set it themselves.
    (select coalesce(json_agg(distinct w.setting || w.whose), '[]')
       from (
            select s.name || '=' || s.reset_val, ''
              from pg_catalog.pg_settings s
            union all
            select u.setting, case when r.rolname is null then '' else ' of role ' || r.rolname end
              from pg_catalog.pg_db_role_setting p
              left join pg_catalog.pg_roles r on r.oid = p.setrole
             cross join lateral pg_catalog.unnest(p.setconfig) u (setting)
             where p.setdatabase in (0, (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database()))
            ) w (setting, whose)
      where w.setting ~* '^(datestyle=(?!"?iso)|extra_float_digits=(0|-))') as writes_otherwise,
    pg_catalog.has_database_privilege(pg_catalog.current_database(), 'create') as may_create,
    to_regclass('londiste.table_info') is not null as has_tables,
    to_regnamespace('trunkline_capture') is not null as has_capture,
    (select pg_catalog.pg_has_role(r.oid, 'member') from pg_catalog.pg_roles r where r.rolname = 'londiste_writer') as is_writer
