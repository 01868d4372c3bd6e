-- trunkline_capture.drop_capture: drops the trigger function of one table, if there is one and no trigger uses it.
-- Parameters: i_queue_name - queue; i_name - name of the table in the events.
-- Returns: nothing.
-- Tables written: none; a function is dropped.
create or replace function trunkline_capture.drop_capture(i_queue_name text, i_name text)
returns void as $$
declare
    v_name constant pg_catalog.text := trunkline_capture.capture_name(i_queue_name, i_name);
    v_function constant oid := pg_catalog.to_regproc(v_name);
begin
    if v_function is null
       or exists (select 1 from pg_catalog.pg_trigger g where g.tgfoid operator(pg_catalog.=) v_function)
    then
        return;
    end if;
    execute 'drop function ' operator(pg_catalog.||) v_name operator(pg_catalog.||) '()';
end;
$$ language plpgsql security definer;
