-- londiste.is_replica_func(func_oid)
--
-- Is this one of the trigger functions that write changes into a queue?
--
-- Parameters:
--   func_oid  oid of a function
-- Returns: true or false.
-- Tables written: none.
create function londiste.is_replica_func(func_oid oid)
returns boolean
language sql
stable
strict
as $$
    select exists (
        select 1
          from pg_catalog.pg_proc p
          join pg_catalog.pg_namespace n
            on n.oid operator(pg_catalog.=) p.pronamespace
         where p.oid operator(pg_catalog.=) $1
           and ((n.nspname operator(pg_catalog.=) 'pgq'
                 and p.proname operator(pg_catalog.=) any (array['sqltriga', 'logutriga', 'jsontriga']))
                or (n.nspname operator(pg_catalog.=) 'trunkline_capture'
                    and pg_catalog.starts_with(p.proname::text, 'table_'))));
$$;
