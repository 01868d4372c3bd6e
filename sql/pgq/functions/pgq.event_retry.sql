-- pgq.event_retry: puts an event of an open batch aside, to be delivered to the same consumer again.
-- Parameters: x_batch_id - batch; x_event_id - event; x_retry_time or x_retry_seconds - when it is due.
-- Returns: 1; 0 when it was put aside already; error when the batch is not open or has no such event.
-- Tables written: pgq.retry_queue.
create or replace function pgq.event_retry(x_batch_id bigint, x_event_id bigint, x_retry_time timestamptz)
returns integer as $$
declare
    v_inserted bigint;
    v_found boolean;
    v_sub pg_catalog.record;
begin
    select s.sub_id, s.sub_queue into v_sub from pgq.subscription s where s.sub_batch operator(pg_catalog.=) x_batch_id;
    if not found then
        raise exception 'batch % is not open: event % cannot be retried', x_batch_id, x_event_id
            using errcode = 'undefined_object';
    end if;

    execute 'with ev as materialized (select b.* from (' operator(pg_catalog.||) pgq.batch_event_sql(x_batch_id) operator(pg_catalog.||) ') b'
         operator(pg_catalog.||) ' where b.ev_id operator(pg_catalog.=) $1 limit 1),'
         operator(pg_catalog.||) ' kept as (insert into pgq.retry_queue (ev_retry_after, ev_queue, ev_id, ev_time, ev_owner, ev_retry,'
         operator(pg_catalog.||) ' ev_type, ev_data, ev_extra1, ev_extra2, ev_extra3, ev_extra4)'
         operator(pg_catalog.||) ' select $2, $3, ev.ev_id, ev.ev_time, $4, coalesce(ev.ev_retry, 0) operator(pg_catalog.+) 1,'
         operator(pg_catalog.||) ' ev.ev_type, ev.ev_data, ev.ev_extra1, ev.ev_extra2, ev.ev_extra3, ev.ev_extra4 from ev'
         operator(pg_catalog.||) ' on conflict (ev_owner, ev_id) do nothing returning 1)'
         operator(pg_catalog.||) ' select exists (select 1 from ev), (select pg_catalog.count(1) from kept)'
       into v_found, v_inserted
      using x_event_id, x_retry_time, v_sub.sub_queue, v_sub.sub_id;
    if not v_found then
        raise exception 'batch % has no event %: it cannot be retried', x_batch_id, x_event_id
            using errcode = 'undefined_object';
    end if;
    return v_inserted;
end;
$$ language plpgsql security definer;

create or replace function pgq.event_retry(x_batch_id bigint, x_event_id bigint, x_retry_seconds integer)
returns integer as $$
begin
    return pgq.event_retry(x_batch_id, x_event_id,
                           pg_catalog.now() operator(pg_catalog.+) pg_catalog.make_interval(secs => x_retry_seconds));
end;
$$ language plpgsql security definer;
