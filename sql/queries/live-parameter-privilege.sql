-- From PostgreSQL 15 on: may the user set session_replication_role?
select pg_catalog.has_parameter_privilege('session_replication_role', 'SET') as granted
