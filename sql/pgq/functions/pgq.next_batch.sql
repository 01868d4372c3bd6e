-- pgq.next_batch: opens the next batch of a consumer, or gives the one still open.
-- Parameters: i_queue_name - queue; i_consumer_name - consumer.
-- Returns: batch id, NULL when there is no newer tick; error when the consumer is not registered.
-- Tables written: pgq.subscription.
create or replace function pgq.next_batch(i_queue_name text, i_consumer_name text)
returns bigint as $$
begin
    return (select n.batch_id from pgq.next_batch_custom(i_queue_name, i_consumer_name, null, null, null) n);
end;
$$ language plpgsql;
