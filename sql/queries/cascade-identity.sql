-- One row: what tells this database from any other, also where it is reached by another name, and whether it has nodes.
select
    pg_catalog.pg_postmaster_start_time()::text || ' ' || current_setting('port') || ' ' || (select d.oid from pg_catalog.pg_database d where d.datname = current_database()) as identity,
    to_regclass('pgq_node.node_location') is not null as has_nodes
