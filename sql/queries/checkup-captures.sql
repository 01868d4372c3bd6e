-- $1: queues. One row: tables that were altered since their capture was written.
select coalesce(json_agg(distinct t.table_name), '[]') as outdated
  from londiste.table_info t
  join pg_catalog.pg_trigger g
    on g.tgrelid = londiste.find_table_oid(coalesce(t.dest_table, t.table_name)) and not g.tgisinternal and g.tgtype & 33 = 0
  join pg_catalog.pg_proc p on p.oid = g.tgfoid and p.pronamespace = 'trunkline_capture'::regnamespace
 where t.local
   and t.queue_name = any ($1::text[])
   and pg_catalog.strpos(p.prosrc, 'trunkline_capture.shape') > 0
   and pg_catalog.strpos(p.prosrc, trunkline_capture.shape(g.tgrelid)) = 0
