-- trunkline_capture.keep_order: puts the events of a statement before those of statements that other triggers of the table ran
-- between its changes and their capture, and the rows that a MERGE inserts behind those that it deletes.
-- Runs are what was captured already: id of the event before the first, count of changed rows before and after, depth of
-- triggers, count after the last row of
-- its statement. Those that end with the count as it is now, one before the other, were made after the
-- last row of this statement was changed.
-- Parameters: i_queue_id - queue; i_table - table; i_name - its name in the events; i_operation - INSERT, UPDATE or DELETE;
-- i_before - id given out just before the statement's own events; i_rows - number of rows the statement changed.
-- Returns: nothing.
-- Tables written: event tables of the queue; a setting of the transaction remembers the runs.
create or replace function trunkline_capture.keep_order(
    i_queue_id integer, i_table oid, i_name text, i_operation text, i_before bigint, i_rows bigint)
returns void as $$
declare
    v_setting constant pg_catalog.text := pg_catalog.format('trunkline_capture.run_%s', i_table);
    v_depth constant integer := pg_catalog.pg_trigger_depth();
    v_now constant bigint := trunkline_capture.rows_changed(i_table);
    v_runs pg_catalog.text[] := pg_catalog.string_to_array(nullif(pg_catalog.current_setting(v_setting, true), ''), ';');
    v_run bigint[];
    v_own bigint[];
    v_older bigint[];
    v_later bigint[];
    v_last integer := coalesce(pg_catalog.cardinality(v_runs), 0);
    v_start bigint := v_now;
    v_end bigint;
begin
    -- Runs of triggers further down come after this statement. One as deep as this and with the same end is another part of
    -- it: rows that it inserts come after those that it deletes or gives other keys.
    loop
        v_run := pg_catalog.string_to_array(v_runs[v_last], ' ')::bigint[];
        exit when v_run is null;
        if v_run[4] operator(pg_catalog.>) v_depth::bigint then
            exit when v_run[3] operator(pg_catalog.<>) v_start;
        else
            exit when i_operation operator(pg_catalog.=) 'INSERT'
                or (v_end is null and v_run[3] operator(pg_catalog.<>) v_start)
                or v_run[5] operator(pg_catalog.<>) v_end;
            v_end := v_run[5];
        end if;
        v_later := array[v_run[1], v_run[2], v_now, least(v_run[4], v_later[4]), coalesce(v_end, v_now)];
        v_start := v_run[2];
        v_last := v_last operator(pg_catalog.-) 1;
    end loop;
    if v_later is not null then
        v_later[1] := trunkline_capture.move_events(i_queue_id, i_name, v_later[1], i_before);
    end if;

    v_own := array[i_before, v_start operator(pg_catalog.-) i_rows, v_start, v_depth, coalesce(v_end, v_start)];
    v_run := pg_catalog.string_to_array(v_runs[v_last], ' ')::bigint[];
    if v_run[4] operator(pg_catalog.=) v_own[4] and v_run[3] operator(pg_catalog.=) v_start then
        v_own[1] := v_run[1];
        v_own[2] := v_run[2] operator(pg_catalog.-) i_rows;
        v_own[5] := v_run[5];
        v_last := v_last operator(pg_catalog.-) 1;
    end if;
    -- Statements before the last one will not be told apart any more, so that the list stays short.
    v_run := pg_catalog.string_to_array(v_runs[v_last], ' ')::bigint[];
    v_older := pg_catalog.string_to_array(v_runs[v_last operator(pg_catalog.-) 1], ' ')::bigint[];
    if v_run[4] operator(pg_catalog.=) v_older[4] and v_run[2] operator(pg_catalog.=) v_older[3] then
        v_last := v_last operator(pg_catalog.-) 1;
        v_runs[v_last] := pg_catalog.array_to_string(v_older[1:2] operator(pg_catalog.||) v_run[3:5], ' ');
    end if;
    v_runs := v_runs[1:v_last];
    v_runs := pg_catalog.array_append(v_runs, pg_catalog.array_to_string(v_own, ' '));
    if v_later is not null then
        v_runs := pg_catalog.array_append(v_runs, pg_catalog.array_to_string(v_later, ' '));
    end if;
    perform pg_catalog.set_config(v_setting, pg_catalog.array_to_string(v_runs, ';'), true);
end;
$$ language plpgsql;
