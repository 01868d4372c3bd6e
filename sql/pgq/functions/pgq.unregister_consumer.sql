-- pgq.unregister_consumer: ends a consumer's subscription to a queue. The main consumer of a cooperative group takes the
-- group with it; a member of the group goes alone.
-- Parameters: x_queue_name - queue; x_consumer_name - consumer.
-- Returns: number of subscriptions removed, 0 when there was none.
-- Tables written: pgq.subscription, pgq.retry_queue, pgq.consumer.
create or replace function pgq.unregister_consumer(x_queue_name text, x_consumer_name text)
returns integer as $$
declare
    v_sub pg_catalog.record;
    v_member boolean;
    v_count integer;
    v_consumers integer[];
begin
    select s.sub_id, s.sub_queue, s.sub_consumer, s.sub_last_tick, s.sub_next_tick
      into v_sub
      from pgq.subscription s
      join pgq.consumer c on c.co_id operator(pg_catalog.=) s.sub_consumer
      join pgq.queue q on q.queue_id operator(pg_catalog.=) s.sub_queue
     where q.queue_name operator(pg_catalog.=) x_queue_name
       and c.co_name operator(pg_catalog.=) x_consumer_name
       for update of s;
    if not found then
        return 0;
    end if;

    -- A waiting member has neither tick, a working one has both; the main subscription has a last tick only.
    v_member := ((v_sub.sub_last_tick is null) operator(pg_catalog.=) (v_sub.sub_next_tick is null))
        and exists (
            select 1
              from pgq.subscription s
             where s.sub_queue operator(pg_catalog.=) v_sub.sub_queue
               and s.sub_id operator(pg_catalog.=) v_sub.sub_id
               and s.sub_consumer operator(pg_catalog.<>) v_sub.sub_consumer);
    if not v_member then
        delete from pgq.retry_queue r where r.ev_owner operator(pg_catalog.=) v_sub.sub_id;
    end if;

    with gone as (
        delete from pgq.subscription s
         where s.sub_queue operator(pg_catalog.=) v_sub.sub_queue
           and s.sub_id operator(pg_catalog.=) v_sub.sub_id
           and (not v_member or s.sub_consumer operator(pg_catalog.=) v_sub.sub_consumer)
        returning s.sub_consumer
    )
    select pg_catalog.array_agg(gone.sub_consumer), pg_catalog.count(1)::integer into v_consumers, v_count from gone;

    -- Locked first, so that a registration of the same consumer that is under way either shows or waits.
    perform 1 from pgq.consumer c where c.co_id operator(pg_catalog.=) any (v_consumers) order by c.co_id for update;
    delete from pgq.consumer c
     where c.co_id operator(pg_catalog.=) any (v_consumers)
       and not exists (select 1 from pgq.subscription s where s.sub_consumer operator(pg_catalog.=) c.co_id);
    return v_count;
end;
$$ language plpgsql security definer;
