-- trunkline_capture.write_plainly: has the session write values plainly, for the capture of one statement. A SET of the functions
-- themselves would cost every statement what only those of few sessions need.
-- Parameters: none.
-- Returns: what was set, for trunkline_capture.write_as_before.
-- Tables written: none; settings of the transaction change.
create or replace function trunkline_capture.write_plainly()
returns text[] as $$
declare
    v_before constant pg_catalog.text[] := array[
        pg_catalog.current_setting('datestyle'), pg_catalog.current_setting('intervalstyle'), pg_catalog.current_setting('extra_float_digits')];
begin
    perform pg_catalog.set_config('datestyle', 'ISO', true);
    if v_before[2] operator(pg_catalog.=) 'sql_standard' then
        perform pg_catalog.set_config('intervalstyle', 'postgres', true);
    end if;
    if v_before[3]::integer operator(pg_catalog.<) 1 then
        perform pg_catalog.set_config('extra_float_digits', '1', true);
    end if;
    return v_before;
end;
$$ language plpgsql;
