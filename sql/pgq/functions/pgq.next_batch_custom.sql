-- pgq.next_batch_custom: opens the next batch of a consumer, of a wished size; an open batch is given again as it is.
-- Parameters: i_queue_name - queue; i_consumer_name - consumer; i_min_lag - stay this far behind now(); i_min_count - wait
-- for this many events; i_min_interval - or for this much time between the ticks. NULL means no such wish.
-- Returns: one row: batch id and its two ticks, all NULL when no tick qualifies; error when the consumer is not registered
-- or its last tick is gone.
-- Tables written: pgq.subscription.
create or replace function pgq.next_batch_custom(
    in i_queue_name text, in i_consumer_name text,
    in i_min_lag interval, in i_min_count integer, in i_min_interval interval,
    out batch_id bigint,
    out cur_tick_id bigint, out prev_tick_id bigint,
    out cur_tick_time timestamptz, out prev_tick_time timestamptz,
    out cur_tick_event_seq bigint, out prev_tick_event_seq bigint)
as $$
declare
    v_sub pg_catalog.record;
begin
    loop
        select s.sub_queue, s.sub_consumer, s.sub_id, s.sub_last_tick, s.sub_next_tick, s.sub_batch
          into v_sub
          from pgq.subscription s
          join pgq.queue q on q.queue_id operator(pg_catalog.=) s.sub_queue
          join pgq.consumer c on c.co_id operator(pg_catalog.=) s.sub_consumer
         where q.queue_name operator(pg_catalog.=) i_queue_name
           and c.co_name operator(pg_catalog.=) i_consumer_name;
        if not found then
            raise exception 'consumer "%" is not registered on queue "%"', i_consumer_name, i_queue_name
                using errcode = 'undefined_object', hint = 'Register it with pgq.register_consumer().';
        end if;

        select t.tick_id, t.tick_time, t.tick_event_seq
          into prev_tick_id, prev_tick_time, prev_tick_event_seq
          from pgq.tick t
         where t.tick_queue operator(pg_catalog.=) v_sub.sub_queue
           and t.tick_id operator(pg_catalog.=) v_sub.sub_last_tick;
        if not found then
            raise exception 'consumer "%" stands at tick % of queue "%", and that tick is gone',
                    i_consumer_name, v_sub.sub_last_tick, i_queue_name
                using errcode = 'object_not_in_prerequisite_state',
                      hint = 'Events may have been lost. Move the consumer with pgq.register_consumer_at().';
        end if;

        if v_sub.sub_batch is not null then
            select t.tick_id, t.tick_time, t.tick_event_seq
              into cur_tick_id, cur_tick_time, cur_tick_event_seq
              from pgq.tick t
             where t.tick_queue operator(pg_catalog.=) v_sub.sub_queue
               and t.tick_id operator(pg_catalog.=) v_sub.sub_next_tick;
            batch_id := v_sub.sub_batch;
            return;
        end if;

        if i_min_count is null and i_min_interval is null then
            select t.tick_id, t.tick_time, t.tick_event_seq
              into cur_tick_id, cur_tick_time, cur_tick_event_seq
              from pgq.tick t
             where t.tick_queue operator(pg_catalog.=) v_sub.sub_queue
               and t.tick_id operator(pg_catalog.>) v_sub.sub_last_tick
             order by t.tick_queue, t.tick_id
             limit 1;
        else
            select f.next_tick_id, f.next_tick_time, f.next_tick_seq
              into cur_tick_id, cur_tick_time, cur_tick_event_seq
              from pgq.find_tick_helper(v_sub.sub_queue, prev_tick_id, prev_tick_time, prev_tick_event_seq,
                                        i_min_count::bigint, i_min_interval) f;
        end if;
        if cur_tick_id is null
           or (i_min_lag is not null and (pg_catalog.now() operator(pg_catalog.-) cur_tick_time) operator(pg_catalog.<) i_min_lag)
        then
            prev_tick_id := null;
            prev_tick_time := null;
            prev_tick_event_seq := null;
            cur_tick_id := null;
            cur_tick_time := null;
            cur_tick_event_seq := null;
            return;
        end if;

        -- Another session of the same consumer may have been faster: then its batch is found on the next round.
        update pgq.subscription s
           set sub_batch = pg_catalog.nextval('pgq.batch_id_seq'),
               sub_next_tick = cur_tick_id,
               sub_active = pg_catalog.now()
         where s.sub_queue operator(pg_catalog.=) v_sub.sub_queue
           and s.sub_consumer operator(pg_catalog.=) v_sub.sub_consumer
           and s.sub_last_tick operator(pg_catalog.=) prev_tick_id
           and s.sub_batch is null
        returning s.sub_batch into batch_id;
        exit when found;
    end loop;
end;
$$ language plpgsql security definer;
