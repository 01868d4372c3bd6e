-- trunkline.assert_lease(i_queue_name, i_node_name, i_generation)
--
-- Stops a worker that slept while another took its place. Called in each transaction that writes: once it has
-- answered, take_lease waits until that transaction ends.
--
-- Parameters:
--   i_queue_name  name of the cascaded queue
--   i_node_name   the node whose worker the caller is
--   i_generation  what take_lease gave
-- Returns: nothing; raises TL001 when the lease is no longer the caller's.
-- Tables written: none (locks a row of trunkline.lease).
create function trunkline.assert_lease(i_queue_name text, i_node_name text, i_generation bigint)
returns void
language plpgsql
as $$
declare
    v_generation bigint;
    v_holder text;
begin
    -- Not FOR KEY SHARE: taking the lease changes no key column, so that lock would not make it wait.
    select l.generation, l.holder
      into v_generation, v_holder
      from trunkline.lease l
     where l.queue_name operator(pg_catalog.=) i_queue_name
       and l.node_name operator(pg_catalog.=) i_node_name
       for share;
    if not found then
        raise exception 'nobody holds the lease of node "%" on queue "%"', i_node_name, i_queue_name
              using errcode = 'TL001';
    end if;
    if v_generation is distinct from i_generation then
        raise exception 'the lease of node "%" on queue "%" was taken over', i_node_name, i_queue_name
              using errcode = 'TL001',
                    detail = pg_catalog.format('Generation %s is held by %s, not generation %s.',
                                               v_generation, v_holder, coalesce(i_generation::text, 'NULL'));
    end if;
end;
$$;
