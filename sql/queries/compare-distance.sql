-- $1: queue, $2: a tick, $3: a consumer. How far the tick is behind the newest one, and where the consumer's open batch
-- ends. Events are counted by their sequence: an estimate.
select
    newest.tick_id as newest_tick,
    (select count(*) from pgq.tick t where t.tick_queue = q.queue_id and t.tick_id > $2) as ticks,
    greatest(newest.tick_event_seq - own.tick_event_seq, 0) as events,
    s.sub_next_tick as open_until
from pgq.queue q
join lateral (
    select t.tick_id, t.tick_event_seq
    from pgq.tick t
    where t.tick_queue = q.queue_id
    order by t.tick_id desc
    limit 1) newest on true
left join pgq.tick own on own.tick_queue = q.queue_id and own.tick_id = $2
left join pgq.consumer c on c.co_name = $3
left join pgq.subscription s on s.sub_queue = q.queue_id and s.sub_consumer = c.co_id and s.sub_batch is not null
where q.queue_name = $1
