-- pgq.maint_tables_to_vacuum: names the busy tables of the bundled schemas that want a frequent vacuum.
-- Parameters: none.
-- Returns: schema-qualified names of existing tables; none while the server's autovacuum is on.
-- Tables written: none.
create or replace function pgq.maint_tables_to_vacuum()
returns setof text as $$
begin
    if pg_catalog.current_setting('autovacuum') operator(pg_catalog.=) 'on' then
        return;
    end if;
    return query
    select known.schema_name operator(pg_catalog.||) '.' operator(pg_catalog.||) known.table_name
      from (values (1, 'pgq', 'subscription'), (2, 'pgq', 'consumer'), (3, 'pgq', 'queue'), (4, 'pgq', 'tick'),
                   (5, 'pgq', 'retry_queue'),
                   (6, 'pgq_ext', 'completed_tick'), (7, 'pgq_ext', 'completed_batch'),
                   (8, 'pgq_ext', 'completed_event'), (9, 'pgq_ext', 'partial_batch'),
                   (10, 'pgq_node', 'local_state'),
                   (11, 'londiste', 'seq_info'), (12, 'txid', 'epoch'), (13, 'londiste', 'completed')
           ) known(place, schema_name, table_name)
      join pg_catalog.pg_namespace n on n.nspname operator(pg_catalog.=) known.schema_name::pg_catalog.name
      join pg_catalog.pg_class c on c.relnamespace operator(pg_catalog.=) n.oid and c.relname operator(pg_catalog.=) known.table_name::pg_catalog.name
     order by known.place;
end;
$$ language plpgsql;
