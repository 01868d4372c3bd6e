-- londiste.execute_finish(i_queue_name, i_file_name)
--
-- After an SQL file has run: a root sends it on through the queue.
--
-- Parameters:
--   i_queue_name  name of the queue
--   i_file_name   the file, as given to execute_start
-- Returns: 200 done; 404 execute_start was not called. Raises for an unknown queue.
-- Tables written: on a root the queue (event EXECUTE).
create function londiste.execute_finish(
    in i_queue_name text,
    in i_file_name text,
    out ret_code integer,
    out ret_note text)
returns record
language plpgsql
strict
as $$
declare
    v_root boolean := pgq_node.is_root_node(i_queue_name);
    v_sql text;
    v_attrs text;
begin
    select e.execute_sql, e.execute_attrs
      into v_sql, v_attrs
      from londiste.applied_execute e
     where e.execute_file operator(pg_catalog.=) i_file_name;
    if not found then
        ret_code := 404;
        ret_note := 'execute_file called without execute_start';
        return;
    end if;

    if v_root then
        perform pgq.insert_event(i_queue_name, 'EXECUTE', v_sql, i_file_name, v_attrs, null, null);
    end if;

    ret_code := 200;
    ret_note := pg_catalog.format('Execute finished: %s', i_file_name);
end;
$$;
