-- pgq.register_consumer: subscribes a consumer to a queue from the newest tick on.
-- Parameters: x_queue_name - queue; x_consumer_id - consumer name.
-- Returns: 1 when subscribed, 0 when it was subscribed already; its position then stays.
-- Tables written: pgq.consumer, pgq.subscription.
create or replace function pgq.register_consumer(x_queue_name text, x_consumer_id text)
returns integer as $$
begin
    return pgq.register_consumer_at(x_queue_name, x_consumer_id, null);
end;
$$ language plpgsql security definer;
