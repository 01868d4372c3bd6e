-- pgq.finish_batch: closes a batch; the consumer's position moves to its end.
-- Parameters: x_batch_id - batch.
-- Returns: 1; 0 with a warning when no such batch is open.
-- Tables written: pgq.subscription.
create or replace function pgq.finish_batch(x_batch_id bigint)
returns integer as $$
begin
    update pgq.subscription
       set sub_last_tick = sub_next_tick,
           sub_next_tick = null,
           sub_batch = null,
           sub_active = pg_catalog.now()
     where sub_batch operator(pg_catalog.=) x_batch_id;
    if not found then
        raise warning 'finish_batch: batch % is not open', x_batch_id;
        return 0;
    end if;
    return 1;
end;
$$ language plpgsql security definer;
