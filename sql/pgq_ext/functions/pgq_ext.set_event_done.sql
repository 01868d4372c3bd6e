-- pgq_ext.set_event_done: records an event of the open batch as applied. The first event of another batch forgets those of
-- the batch before.
-- Parameters: a_consumer, a_subconsumer - who applied it, no subconsumer is the same as ''; a_batch_id, a_event_id - event.
-- Returns: false when it is recorded already, else true.
-- Tables written: pgq_ext.completed_event, pgq_ext.partial_batch.
create or replace function pgq_ext.set_event_done(a_consumer text, a_subconsumer text, a_batch_id bigint, a_event_id bigint)
returns boolean as $$
declare
    v_open_batch bigint;
begin
    if pgq_ext.is_event_done(a_consumer, a_subconsumer, a_batch_id, a_event_id) then
        return false;
    end if;

    select p.cur_batch_id into v_open_batch
      from pgq_ext.partial_batch p
     where p.consumer_id operator(pg_catalog.=) a_consumer
       and p.subconsumer_id operator(pg_catalog.=) a_subconsumer;
    if not found or v_open_batch operator(pg_catalog.<>) a_batch_id then
        delete from pgq_ext.completed_event e
         where e.consumer_id operator(pg_catalog.=) a_consumer
           and e.subconsumer_id operator(pg_catalog.=) a_subconsumer
           and e.batch_id operator(pg_catalog.<>) a_batch_id;
        insert into pgq_ext.partial_batch (consumer_id, subconsumer_id, cur_batch_id)
        values (a_consumer, a_subconsumer, a_batch_id)
            on conflict (consumer_id, subconsumer_id) do update set cur_batch_id = excluded.cur_batch_id;
    end if;

    insert into pgq_ext.completed_event (consumer_id, subconsumer_id, batch_id, event_id)
    values (a_consumer, a_subconsumer, a_batch_id, a_event_id);
    return true;
end;
$$ language plpgsql security definer;

create or replace function pgq_ext.set_event_done(a_consumer text, a_batch_id bigint, a_event_id bigint)
returns boolean as $$
begin
    return pgq_ext.set_event_done(a_consumer, '', a_batch_id, a_event_id);
end;
$$ language plpgsql;
