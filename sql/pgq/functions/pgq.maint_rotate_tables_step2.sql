-- pgq.maint_rotate_tables_step2: ends the rotations begun by step 1: every transaction that starts from now on sees the new
-- table. Must run in a transaction of its own, after the one of step 1 has committed.
-- Parameters: none.
-- Returns: 0.
-- Tables written: pgq.queue.
create or replace function pgq.maint_rotate_tables_step2()
returns integer as $$
begin
    update pgq.queue
       set queue_switch_step2 = pg_catalog.txid_current()
     where queue_switch_step2 is null;
    return 0;
end;
$$ language plpgsql;
