-- From PostgreSQL 15 on: may the role $1 set session_replication_role?
select pg_catalog.has_parameter_privilege($1, 'session_replication_role', 'SET') as granted
