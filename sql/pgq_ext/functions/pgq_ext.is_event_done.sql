-- pgq_ext.is_event_done: tells whether an event of the open batch is applied.
-- Parameters: a_consumer, a_subconsumer - who asks, no subconsumer is the same as ''; a_batch_id, a_event_id - event.
-- Returns: true or false.
-- Tables written: none.
create or replace function pgq_ext.is_event_done(a_consumer text, a_subconsumer text, a_batch_id bigint, a_event_id bigint)
returns boolean as $$
begin
    return exists (
        select 1
          from pgq_ext.completed_event e
         where e.consumer_id operator(pg_catalog.=) a_consumer
           and e.subconsumer_id operator(pg_catalog.=) a_subconsumer
           and e.batch_id operator(pg_catalog.=) a_batch_id
           and e.event_id operator(pg_catalog.=) a_event_id);
end;
$$ language plpgsql security definer;

create or replace function pgq_ext.is_event_done(a_consumer text, a_batch_id bigint, a_event_id bigint)
returns boolean as $$
begin
    return pgq_ext.is_event_done(a_consumer, '', a_batch_id, a_event_id);
end;
$$ language plpgsql;
