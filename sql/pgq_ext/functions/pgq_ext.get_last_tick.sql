-- pgq_ext.get_last_tick: tells up to which tick events are applied.
-- Parameters: a_consumer, a_subconsumer - who asks, no subconsumer is the same as ''.
-- Returns: tick id, NULL when none is recorded.
-- Tables written: none.
create or replace function pgq_ext.get_last_tick(a_consumer text, a_subconsumer text)
returns bigint as $$
begin
    return (
        select t.last_tick_id
          from pgq_ext.completed_tick t
         where t.consumer_id operator(pg_catalog.=) a_consumer
           and t.subconsumer_id operator(pg_catalog.=) a_subconsumer);
end;
$$ language plpgsql security definer;

create or replace function pgq_ext.get_last_tick(a_consumer text)
returns bigint as $$
begin
    return pgq_ext.get_last_tick(a_consumer, '');
end;
$$ language plpgsql;
