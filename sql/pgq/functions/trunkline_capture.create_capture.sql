-- trunkline_capture.create_capture: makes the trigger functions of one table, one each for INSERT, UPDATE and DELETE, which
-- turn all rows that a statement changed into events by one static statement. They run with the rights of the writer.
-- Parameters: i_queue_name - queue; i_table - table; i_name - its name in the events.
-- Returns: names of the functions in that order; NULL for a table that only pgq.logutriga and its kin can do.
-- Tables written: none; functions are replaced.
create or replace function trunkline_capture.create_capture(i_queue_name text, i_table oid, i_name text)
returns text[] as $$
declare
    v_queue pgq.queue;
    v_facts pg_catalog.record;
    v_names pg_catalog.text[];
begin
    select q.* into v_queue from pgq.queue q where q.queue_name operator(pg_catalog.=) i_queue_name;
    select f.* into v_facts from trunkline_capture.table_facts(i_table) f;
    -- Triggers of a statement do not see what comes through a partitioned table or a parent, and those of a parent see the
    -- rows of its children. A table whose foreign key changes its own rows has them change twice in one statement, among rows
    -- of other kinds. Some column names stand for fields of the event.
    if v_queue.queue_id is null or v_facts.o_keys is null
       or pg_catalog.to_regproc(pg_catalog.format('trunkline_capture.current_%s', v_queue.queue_id)) is null
       or not exists (
           select 1 from pg_catalog.pg_class c
            where c.oid operator(pg_catalog.=) i_table and c.relkind operator(pg_catalog.=) 'r'
              and not c.relispartition and not c.relhassubclass)
       or exists (
           select 1 from pg_catalog.pg_inherits h where h.inhrelid operator(pg_catalog.=) i_table)
       or exists (
           select 1 from pg_catalog.pg_constraint k
            where k.conrelid operator(pg_catalog.=) i_table and k.confrelid operator(pg_catalog.=) i_table
              and k.contype operator(pg_catalog.=) 'f'
              and not (k.confupdtype operator(pg_catalog.=) any (array['a', 'r']::"char"[])
                       and k.confdeltype operator(pg_catalog.=) any (array['a', 'r']::"char"[])))
       or exists (
           select 1 from pg_catalog.pg_attribute a
            where a.attrelid operator(pg_catalog.=) i_table and pg_catalog.starts_with(a.attname::pg_catalog.text, '_pgq_ev_'))
    then
        return null;
    end if;

    v_names := array(
        select pg_catalog.format('%s_%s', trunkline_capture.capture_name(i_queue_name, i_name), o.operation)
          from pg_catalog.unnest(array['insert', 'update', 'delete']) with ordinality o(operation, place) order by o.place);
    for i in 1 .. 3 loop
        execute pg_catalog.format(
            'create or replace function %s() returns trigger as %L language plpgsql', v_names[i],
            trunkline_capture.capture_body(v_queue, i_table, i_name, (array['INSERT', 'UPDATE', 'DELETE'])[i]));
    end loop;
    return v_names;
end;
$$ language plpgsql security definer;
