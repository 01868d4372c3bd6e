-- londiste.local_show_missing(i_queue_name)
--
-- What could be replicated here and is not: on a root the tables and sequences of the database, elsewhere those
-- known on the queue.
--
-- Parameters:
--   i_queue_name  name of the queue
-- Returns: a row per table (r) or sequence (S), ordered by kind and name.
-- Tables written: none.
create function londiste.local_show_missing(
    in i_queue_name text,
    out obj_kind text,
    out obj_name text)
returns setof record
language plpgsql
stable
strict
as $$
begin
    if pgq_node.is_root_node(i_queue_name) then
        return query
            select c.relkind::text, f.name
              from pg_catalog.pg_class c
              join pg_catalog.pg_namespace n
                on n.oid operator(pg_catalog.=) c.relnamespace
             cross join lateral pg_catalog.format('%s.%s', n.nspname, c.relname) f(name)
             where c.relkind operator(pg_catalog.=) any (array['r', 'S'])
               and not pg_catalog.starts_with(n.nspname::text, 'pg_')
               and n.nspname::text operator(pg_catalog.<>) all (array['information_schema', 'pgq', 'pgq_ext', 'pgq_node',
                                                                      'londiste', 'trunkline', 'trunkline_capture'])
               and not exists (
                   select
                     from londiste.table_info t
                    where c.relkind operator(pg_catalog.=) 'r'
                      and t.queue_name operator(pg_catalog.=) i_queue_name
                      and t.local
                      and coalesce(t.dest_table, t.table_name) operator(pg_catalog.=) f.name)
               and not exists (
                   select
                     from londiste.seq_info s
                    where c.relkind operator(pg_catalog.=) 'S'
                      and s.queue_name operator(pg_catalog.=) i_queue_name
                      and s.local
                      and s.seq_name operator(pg_catalog.=) f.name)
             order by 1, 2;
    else
        return query
            select 'S'::text, s.seq_name
              from londiste.seq_info s
             where s.queue_name operator(pg_catalog.=) i_queue_name
               and not s.local
            union all
            select 'r', t.table_name
              from londiste.table_info t
             where t.queue_name operator(pg_catalog.=) i_queue_name
               and not t.local
             order by 1, 2;
    end if;
end;
$$;
