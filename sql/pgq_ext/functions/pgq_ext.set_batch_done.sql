-- pgq_ext.set_batch_done: records a batch as applied.
-- Parameters: a_consumer, a_subconsumer - who applied it, no subconsumer is the same as ''; a_batch_id - batch.
-- Returns: false when it is recorded already, else true. Only ids above 0 are recorded.
-- Tables written: pgq_ext.completed_batch.
create or replace function pgq_ext.set_batch_done(a_consumer text, a_subconsumer text, a_batch_id bigint)
returns boolean as $$
begin
    if pgq_ext.is_batch_done(a_consumer, a_subconsumer, a_batch_id) then
        return false;
    end if;
    if a_batch_id operator(pg_catalog.>) 0 then
        insert into pgq_ext.completed_batch (consumer_id, subconsumer_id, last_batch_id)
        values (a_consumer, a_subconsumer, a_batch_id)
            on conflict (consumer_id, subconsumer_id) do update set last_batch_id = excluded.last_batch_id;
    end if;
    return true;
end;
$$ language plpgsql security definer;

create or replace function pgq_ext.set_batch_done(a_consumer text, a_batch_id bigint)
returns boolean as $$
begin
    return pgq_ext.set_batch_done(a_consumer, '', a_batch_id);
end;
$$ language plpgsql;
