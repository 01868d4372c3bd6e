-- pgq.register_consumer_at: subscribes a consumer to a queue at a given tick, or moves it there.
-- Parameters: x_queue_name - queue; x_consumer_name - consumer; x_tick_pos - tick, NULL for the newest.
-- Returns: 1 when subscribed, 0 when it was subscribed already. With a tick the position of such a consumer is moved and
-- its open batch dropped; without one its position stays.
-- Tables written: pgq.consumer, pgq.subscription.
create or replace function pgq.register_consumer_at(x_queue_name text, x_consumer_name text, x_tick_pos bigint)
returns integer as $$
declare
    v_queue integer;
    v_consumer integer;
    v_tick bigint;
begin
    if x_consumer_name is null then
        raise exception 'a consumer of queue "%" needs a name: it is NULL', x_queue_name
            using errcode = 'null_value_not_allowed';
    end if;
    select q.queue_id into v_queue from pgq.queue q where q.queue_name operator(pg_catalog.=) x_queue_name;
    if not found then
        raise exception 'queue "%" does not exist: consumer "%" cannot be registered', x_queue_name, x_consumer_name
            using errcode = 'undefined_object', hint = 'Create the queue with pgq.create_queue() first.';
    end if;

    if x_tick_pos is null then
        select pg_catalog.max(t.tick_id) into v_tick from pgq.tick t where t.tick_queue operator(pg_catalog.=) v_queue;
        if v_tick is null then
            raise exception 'queue "%" has no ticks yet: consumer "%" has no place to start', x_queue_name, x_consumer_name
                using errcode = 'object_not_in_prerequisite_state', hint = 'Run the ticker, then register again.';
        end if;
    else
        select t.tick_id into v_tick from pgq.tick t where t.tick_queue operator(pg_catalog.=) v_queue and t.tick_id operator(pg_catalog.=) x_tick_pos;
        if not found then
            raise exception 'queue "%" has no tick %: consumer "%" cannot be placed there',
                    x_queue_name, x_tick_pos, x_consumer_name
                using errcode = 'undefined_object', hint = 'Old ticks go with each rotation of the event tables.';
        end if;
    end if;

    insert into pgq.consumer (co_name)
    select x_consumer_name
     where not exists (select 1 from pgq.consumer c where c.co_name operator(pg_catalog.=) x_consumer_name)
        on conflict (co_name) do nothing;
    -- The lock keeps a consumer row that another session is about to delete together with its last subscription.
    select c.co_id into strict v_consumer from pgq.consumer c where c.co_name operator(pg_catalog.=) x_consumer_name for key share;

    if x_tick_pos is not null then
        update pgq.subscription
           set sub_last_tick = v_tick,
               sub_batch = null,
               sub_next_tick = null,
               sub_active = pg_catalog.now()
         where sub_queue operator(pg_catalog.=) v_queue
           and sub_consumer operator(pg_catalog.=) v_consumer;
        if found then
            return 0;
        end if;
    end if;

    insert into pgq.subscription (sub_queue, sub_consumer, sub_last_tick)
    select v_queue, v_consumer, v_tick
     where not exists (
           select 1 from pgq.subscription s where s.sub_queue operator(pg_catalog.=) v_queue and s.sub_consumer operator(pg_catalog.=) v_consumer)
        on conflict (sub_queue, sub_consumer) do nothing;
    return case when found then 1 else 0 end;
end;
$$ language plpgsql security definer;
