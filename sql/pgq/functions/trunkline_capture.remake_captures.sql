-- trunkline_capture.remake_captures: makes the triggers and functions of captured tables anew, as this release makes them.
-- Parameters: none.
-- Returns: number of tables; a warning for each whose triggers the current user may not make, which stay as they were.
-- Tables written: none; triggers and functions are replaced.
create or replace function trunkline_capture.remake_captures()
returns integer as $$
declare
    v_table pg_catalog.record;
    v_count integer := 0;
begin
    for v_table in
        select t.queue_name, t.table_name, coalesce(t.dest_table, t.table_name) as destination
          from londiste.table_info t
         where t.local
           and exists (
               select 1
                 from pg_catalog.pg_trigger g
                 join pg_catalog.pg_proc p on p.oid operator(pg_catalog.=) g.tgfoid
                where g.tgrelid operator(pg_catalog.=) londiste.find_table_oid(coalesce(t.dest_table, t.table_name))
                  and pg_catalog.starts_with(
                          pg_catalog.format('trunkline_capture.%s', p.proname),
                          trunkline_capture.capture_name(t.queue_name, t.table_name))
                  and p.pronamespace operator(pg_catalog.=) 'trunkline_capture'::pg_catalog.regnamespace::oid)
         order by t.queue_name, t.nr
    loop
        begin
            perform londiste.create_trigger(
                v_table.queue_name, v_table.table_name, array['capture=generated'], v_table.destination, 'root');
            perform trunkline_capture.drop_capture(v_table.queue_name, v_table.table_name);
            v_count := v_count operator(pg_catalog.+) 1;
        exception when insufficient_privilege then
            raise warning 'table "%" is captured as before: % may not make its triggers anew', v_table.destination, current_user
                using hint = 'Let its owner run: select trunkline_capture.remake_captures();';
        end;
    end loop;

    -- What stored the events of one table's one function, until 3.5+2.
    if not exists (
        select 1 from pg_catalog.pg_proc p
         where p.pronamespace operator(pg_catalog.=) 'trunkline_capture'::pg_catalog.regnamespace::oid
           and p.proname operator(pg_catalog.~) '^table_[0-9a-f]{32}$')
    then
        for v_table in
            select p.proname
              from pg_catalog.pg_proc p
             where p.pronamespace operator(pg_catalog.=) 'trunkline_capture'::pg_catalog.regnamespace::oid
               and p.proname operator(pg_catalog.~) '^put_[0-9]+$'
        loop
            execute pg_catalog.format('drop function trunkline_capture.%I(text, text, text)', v_table.proname);
        end loop;
    end if;
    return v_count;
end;
$$ language plpgsql;
