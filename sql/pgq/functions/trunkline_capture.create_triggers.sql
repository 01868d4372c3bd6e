-- trunkline_capture.create_triggers: makes the triggers that capture whole statements of a table, and one that keeps it from
-- being attached to a parent.
-- Parameters: i_table - name of the table, ready for use in SQL; i_queue_name - queue; i_functions - from create_capture.
-- Returns: nothing.
-- Tables written: none; triggers are made.
create or replace function trunkline_capture.create_triggers(i_table text, i_queue_name text, i_functions text[])
returns void as $$
declare
    v_operations constant pg_catalog.text[] := array['insert', 'update', 'delete'];
    v_rows constant pg_catalog.text[] := array[
        'new table as trunkline_new', 'new table as trunkline_new old table as trunkline_old', 'old table as trunkline_old'];
begin
    for i in 1 .. 3 loop
        execute pg_catalog.format(
            'create trigger %I after %s on %s referencing %s for each statement execute function %s(%L, ''capture=generated'')',
            pg_catalog.format('_londiste_%s_%s', i_queue_name, v_operations[i]), v_operations[i], i_table, v_rows[i],
            i_functions[i], i_queue_name);
    end loop;

    -- Triggers of a statement see nothing that comes through a parent. One that never fires, and would want rows with it for
    -- each row, has the server refuse to make the table a partition or an heir, where its changes would go by uncaptured.
    execute pg_catalog.format(
        'create trigger %I after delete on %s referencing old table as trunkline_old for each row when (false)'
        ' execute function %s(%L, ''capture=generated'')',
        pg_catalog.format('_londiste_%s_attach', i_queue_name), i_table, i_functions[3], i_queue_name);
end;
$$ language plpgsql;
