-- trunkline.take_lease(i_queue_name, i_node_name, i_holder)
--
-- Makes the caller the only one who may write as the worker of a node. Waits for transactions that have asserted
-- the lease before.
--
-- Parameters:
--   i_queue_name  name of the cascaded queue
--   i_node_name   the node whose worker the caller is
--   i_holder      who takes it, for people to read
-- Returns: the generation to give to assert_lease.
-- Tables written: trunkline.lease.
create function trunkline.take_lease(i_queue_name text, i_node_name text, i_holder text)
returns bigint
language plpgsql
as $$
declare
    v_generation bigint;
begin
    insert into trunkline.lease as l (queue_name, node_name, generation, holder, taken_at)
    values (i_queue_name, i_node_name, 1, i_holder, pg_catalog.clock_timestamp())
        on conflict on constraint lease_pkey do update
       set generation = l.generation operator(pg_catalog.+) 1,
           holder = excluded.holder,
           taken_at = excluded.taken_at
    returning l.generation
      into v_generation;
    return v_generation;
end;
$$;
