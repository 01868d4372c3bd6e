-- pgq.maint_operations: lists the maintenance that is due in this database.
-- Parameters: none.
-- Returns: rows func_name, func_arg in the order they should run. A row "vacuum" is a statement on the table func_arg;
-- any other is a function to call with func_arg, or without when that is NULL, each in a transaction of its own, and
-- again as long as it returns a number other than 0.
-- Tables written: none.
create or replace function pgq.maint_operations(out func_name text, out func_arg text)
returns setof record as $$
declare
    v_rotating boolean := false;
begin
    for func_name, func_arg in
        select 'pgq.maint_rotate_tables_step1', q.queue_name
          from pgq.queue q
         where q.queue_rotation_period is not null
           and q.queue_switch_step2 is not null
           and (q.queue_switch_time operator(pg_catalog.+) q.queue_rotation_period) operator(pg_catalog.<) pg_catalog.now()
         order by q.queue_name
    loop
        v_rotating := true;
        return next;
    end loop;
    if v_rotating or exists (select 1 from pgq.queue q where q.queue_switch_step2 is null) then
        func_name := 'pgq.maint_rotate_tables_step2';
        func_arg := null;
        return next;
    end if;

    return query
    select extra.name, q.queue_name
      from pgq.queue q,
           lateral pg_catalog.unnest(q.queue_extra_maint) with ordinality extra(name, place)
     order by q.queue_name, extra.place;

    return query
    select 'vacuum'::pg_catalog.text, v.name from pgq.maint_tables_to_vacuum() v(name);

    -- Dynamic, because the schemas of the cascade may not be there.
    if pg_catalog.to_regprocedure('pgq_node.maint_watermark(pg_catalog.text)') is not null then
        return query execute
            pg_catalog.format('select %L::pg_catalog.text, n.queue_name from pgq_node.node_info n'
                              ' where n.node_type operator(pg_catalog.=) %L order by n.queue_name',
                              'pgq_node.maint_watermark', 'root');
    end if;
    if pg_catalog.to_regprocedure('londiste.root_check_seqs(pg_catalog.text)') is not null then
        return query execute
            pg_catalog.format('select distinct %L::pg_catalog.text, n.queue_name from pgq_node.node_info n'
                              ' join londiste.seq_info s on s.queue_name operator(pg_catalog.=) n.queue_name'
                              ' where n.node_type operator(pg_catalog.=) %L and s.local order by n.queue_name',
                              'londiste.root_check_seqs', 'root');
    end if;
    if pg_catalog.to_regprocedure('londiste.periodic_maintenance()') is not null then
        func_name := 'londiste.periodic_maintenance';
        func_arg := null;
        return next;
    end if;
end;
$$ language plpgsql;
