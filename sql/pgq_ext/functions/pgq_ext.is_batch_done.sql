-- pgq_ext.is_batch_done: tells whether a batch is the one applied last.
-- Parameters: a_consumer, a_subconsumer - who asks, no subconsumer is the same as ''; a_batch_id - batch.
-- Returns: true or false; NULL when a batch is recorded and a_batch_id is NULL.
-- Tables written: none.
create or replace function pgq_ext.is_batch_done(a_consumer text, a_subconsumer text, a_batch_id bigint)
returns boolean as $$
declare
    v_done boolean;
begin
    select b.last_batch_id operator(pg_catalog.=) a_batch_id into v_done
      from pgq_ext.completed_batch b
     where b.consumer_id operator(pg_catalog.=) a_consumer
       and b.subconsumer_id operator(pg_catalog.=) a_subconsumer;
    if not found then
        return false;
    end if;
    return v_done;
end;
$$ language plpgsql security definer;

create or replace function pgq_ext.is_batch_done(a_consumer text, a_batch_id bigint)
returns boolean as $$
begin
    return pgq_ext.is_batch_done(a_consumer, '', a_batch_id);
end;
$$ language plpgsql;
