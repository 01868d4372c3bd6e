-- pgq_ext.set_last_tick: records up to which tick events are applied.
-- Parameters: a_consumer, a_subconsumer - who applied them, no subconsumer is the same as ''; a_tick_id - tick, also a lower
-- one than before; NULL forgets the position.
-- Returns: 1.
-- Tables written: pgq_ext.completed_tick.
create or replace function pgq_ext.set_last_tick(a_consumer text, a_subconsumer text, a_tick_id bigint)
returns integer as $$
begin
    if a_tick_id is null then
        delete from pgq_ext.completed_tick t
         where t.consumer_id operator(pg_catalog.=) a_consumer
           and t.subconsumer_id operator(pg_catalog.=) a_subconsumer;
    else
        insert into pgq_ext.completed_tick (consumer_id, subconsumer_id, last_tick_id)
        values (a_consumer, a_subconsumer, a_tick_id)
            on conflict (consumer_id, subconsumer_id) do update set last_tick_id = excluded.last_tick_id;
    end if;
    return 1;
end;
$$ language plpgsql security definer;

create or replace function pgq_ext.set_last_tick(a_consumer text, a_tick_id bigint)
returns integer as $$
begin
    return pgq_ext.set_last_tick(a_consumer, '', a_tick_id);
end;
$$ language plpgsql;
