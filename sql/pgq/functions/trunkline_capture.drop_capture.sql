-- trunkline_capture.drop_capture: drops the trigger functions of one table, if there are any and no trigger uses them.
-- Parameters: i_queue_name - queue; i_name - name of the table in the events.
-- Returns: nothing.
-- Tables written: none; functions are dropped.
create or replace function trunkline_capture.drop_capture(i_queue_name text, i_name text)
returns void as $$
declare
    v_function pg_catalog.text;
    v_oid pg_catalog.oid;
begin
    -- The name alone is that of the one function for all changes, as it was made before 3.5+2.
    foreach v_function in array array['', '_insert', '_update', '_delete'] loop
        v_function := trunkline_capture.capture_name(i_queue_name, i_name) operator(pg_catalog.||) v_function;
        v_oid := pg_catalog.to_regproc(v_function)::oid;
        -- No index of triggers goes by their function.
        if v_oid is not null
           and not exists (
               select 1 from pg_catalog.pg_depend d
                where d.refclassid operator(pg_catalog.=) 'pg_catalog.pg_proc'::regclass::oid
                  and d.refobjid operator(pg_catalog.=) v_oid
                  and d.classid operator(pg_catalog.=) 'pg_catalog.pg_trigger'::regclass::oid)
        then
            execute pg_catalog.format('drop function %s()', v_function);
        end if;
    end loop;
end;
$$ language plpgsql security definer;
