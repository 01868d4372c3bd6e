-- trunkline_capture.has_after_triggers: can somebody's trigger change rows between a change and its capture? Sessions keep its
-- plan, and one from when the catalog was small would go through all of it for each further table.
-- Parameters: i_table - table.
-- Returns: true or false.
-- Tables written: none.
create or replace function trunkline_capture.has_after_triggers(i_table oid)
returns boolean as $$
    select exists (
        select 1
          from pg_catalog.pg_trigger g
          join pg_catalog.pg_proc p on p.oid operator(pg_catalog.=) g.tgfoid
          join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) p.pronamespace
         where g.tgrelid operator(pg_catalog.=) i_table
           and not g.tgisinternal
           and g.tgenabled operator(pg_catalog.<>) 'D'
           -- Neither BEFORE nor INSTEAD OF, and not of TRUNCATE alone.
           and (g.tgtype::integer operator(pg_catalog.&) 66) operator(pg_catalog.=) 0
           and (g.tgtype::integer operator(pg_catalog.&) 28) operator(pg_catalog.<>) 0
           and n.nspname operator(pg_catalog.<>) all (array['pgq', 'trunkline_capture']::pg_catalog.name[]));
$$ language sql stable strict set enable_seqscan = off;
