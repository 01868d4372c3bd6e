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
            select c.relkind::text, n.nspname || '.' || c.relname
              from pg_catalog.pg_class c
              join pg_catalog.pg_namespace n
                on n.oid = c.relnamespace
             where c.relkind in ('r', 'S')
               and not pg_catalog.starts_with(n.nspname::text, 'pg_')
               and n.nspname not in
                   ('information_schema', 'pgq', 'pgq_ext', 'pgq_node', 'londiste', 'trunkline')
               and not exists (
                   select
                     from londiste.table_info t
                    where c.relkind = 'r'
                      and t.queue_name = i_queue_name
                      and t.local
                      and coalesce(t.dest_table, t.table_name) = n.nspname || '.' || c.relname)
               and not exists (
                   select
                     from londiste.seq_info s
                    where c.relkind = 'S'
                      and s.queue_name = i_queue_name
                      and s.local
                      and s.seq_name = n.nspname || '.' || c.relname)
             order by 1, 2;
    else
        return query
            select 'S'::text, s.seq_name
              from londiste.seq_info s
             where s.queue_name = i_queue_name
               and not s.local
            union all
            select 'r', t.table_name
              from londiste.table_info t
             where t.queue_name = i_queue_name
               and not t.local
             order by 1, 2;
    end if;
end;
$$;
