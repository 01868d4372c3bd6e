-- londiste.get_valid_pending_fkeys(i_queue_name)
--
-- Foreign keys that the worker of this queue may bring back: everything that feeds the two tables is in sync. Where
-- several queues do, one of them is chosen: of those that merge into a root the first by name, on a branch of the
-- combined queue that one, else the first by name.
--
-- Parameters:
--   i_queue_name  name of the queue
-- Returns: rows of londiste.pending_fkeys.
-- Tables written: none.
create function londiste.get_valid_pending_fkeys(i_queue_name text)
returns setof londiste.pending_fkeys
language plpgsql
stable
strict
as $$
begin
    return query
        select p.*
          from londiste.pending_fkeys p
          join (
              select k.from_table, k.fkey_name,
                     pg_catalog.bool_or(k.is_from) as from_fed,
                     pg_catalog.bool_or(not k.is_from) as to_fed,
                     pg_catalog.bool_and(t.merge_state is not null
                                         and t.merge_state operator(pg_catalog.=) 'ok'
                                         and t.custom_snapshot is null) as settled,
                     pg_catalog.bool_or(t.queue_name operator(pg_catalog.=) i_queue_name) as here,
                     coalesce(pg_catalog.min(t.queue_name) filter (where c.node_type operator(pg_catalog.=) 'root'),
                              pg_catalog.min(c.queue_name) filter (where c.node_type operator(pg_catalog.=) 'branch'),
                              pg_catalog.min(t.queue_name)) as chosen
                from (
                    select f.from_table, f.fkey_name, true as is_from, f.from_table as side
                      from londiste.pending_fkeys f
                    union all
                    select f.from_table, f.fkey_name, false, f.to_table
                      from londiste.pending_fkeys f
                ) k
                join londiste.table_info t
                  on coalesce(t.dest_table, t.table_name) operator(pg_catalog.=) k.side
                 and t.local
                join pgq_node.node_info n
                  on n.queue_name operator(pg_catalog.=) t.queue_name
                left join pgq_node.node_info c
                  on c.queue_name operator(pg_catalog.=) n.combined_queue
               group by k.from_table, k.fkey_name
          ) s
            on s.from_table operator(pg_catalog.=) p.from_table
           and s.fkey_name operator(pg_catalog.=) p.fkey_name
         where s.from_fed
           and s.to_fed
           and s.settled
           and s.here
           and s.chosen operator(pg_catalog.=) i_queue_name
         order by p.from_table, p.fkey_name;
end;
$$;
