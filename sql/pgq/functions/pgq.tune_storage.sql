-- pgq.tune_storage: sets storage options of a queue's data tables. Events are only inserted and the tables
-- emptied by TRUNCATE, so pages can be filled and vacuum has nothing to do.
-- Parameters: i_queue_name - queue.
-- Returns: 1; 0 when the queue is unknown.
-- Tables written: none; table options are changed.
create or replace function pgq.tune_storage(i_queue_name text)
returns integer as $$
declare
    v_queue pg_catalog.record;
    v_table pg_catalog.text;
begin
    select q.queue_data_pfx, q.queue_ntables into v_queue
      from pgq.queue q
     where q.queue_name operator(pg_catalog.=) i_queue_name;
    if not found then
        return 0;
    end if;

    for i in 0 .. v_queue.queue_ntables operator(pg_catalog.-) 1 loop
        v_table := pgq.quote_fqname(v_queue.queue_data_pfx operator(pg_catalog.||) '_' operator(pg_catalog.||) i::pg_catalog.text);
        execute 'alter table ' operator(pg_catalog.||) v_table
            operator(pg_catalog.||) ' set (fillfactor = 100, autovacuum_enabled = off, toast.autovacuum_enabled = off)';
    end loop;
    return 1;
end;
$$ language plpgsql strict;
