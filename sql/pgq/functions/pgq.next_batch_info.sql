-- pgq.next_batch_info: opens the next batch of a consumer, or gives the one still open, with its ticks.
-- Parameters: i_queue_name - queue; i_consumer_name - consumer.
-- Returns: one row: batch id and its two ticks, all NULL when there is no newer tick; error when the consumer is not
-- registered.
-- Tables written: pgq.subscription.
create or replace function pgq.next_batch_info(
    in i_queue_name text, in i_consumer_name text,
    out batch_id bigint,
    out cur_tick_id bigint, out prev_tick_id bigint,
    out cur_tick_time timestamptz, out prev_tick_time timestamptz,
    out cur_tick_event_seq bigint, out prev_tick_event_seq bigint)
as $$
begin
    select n.batch_id, n.cur_tick_id, n.prev_tick_id, n.cur_tick_time, n.prev_tick_time,
           n.cur_tick_event_seq, n.prev_tick_event_seq
      into batch_id, cur_tick_id, prev_tick_id, cur_tick_time, prev_tick_time, cur_tick_event_seq, prev_tick_event_seq
      from pgq.next_batch_custom(i_queue_name, i_consumer_name, null, null, null) n;
end;
$$ language plpgsql;
