-- londiste.execute_start(i_queue_name, i_file_name, i_sql, i_expect_root, i_attrs)
--
-- Asks whether an SQL file is to run here, and notes that it did. The caller then runs it and calls execute_finish,
-- all in one transaction; whoever starts the same file meanwhile waits for that.
--
-- Parameters:
--   i_queue_name   name of the queue
--   i_file_name    name of the file, which is its identity in this database
--   i_sql          its text
--   i_expect_root  true when the file begins its way here
--   i_attrs        url-encoded attributes, or NULL
-- Returns: 200 run it; 201 it ran before; 401 the local node is not the root. Raises for an unknown queue.
-- Tables written: londiste.applied_execute.
create function londiste.execute_start(
    in i_queue_name text,
    in i_file_name text,
    in i_sql text,
    in i_expect_root boolean,
    in i_attrs text,
    out ret_code integer,
    out ret_note text)
returns record
language plpgsql
as $$
declare
    v_root boolean := pgq_node.is_root_node(i_queue_name);
begin
    if i_expect_root and not v_root then
        ret_code := 401;
        ret_note := pg_catalog.format('Node is not root node: %s', i_queue_name);
        return;
    end if;

    insert into londiste.applied_execute (queue_name, execute_file, execute_sql, execute_attrs)
    values (i_queue_name, i_file_name, i_sql, i_attrs)
        on conflict on constraint applied_execute_pkey do nothing;
    if not found then
        ret_code := 201;
        ret_note := pg_catalog.format('EXECUTE: "%s" already applied, skipping', i_file_name);
        return;
    end if;

    ret_code := 200;
    ret_note := pg_catalog.format('Executing: %s', i_file_name);
end;
$$;

-- The same without attributes.
create function londiste.execute_start(
    in i_queue_name text,
    in i_file_name text,
    in i_sql text,
    in i_expect_root boolean,
    out ret_code integer,
    out ret_note text)
returns record
language plpgsql
as $$
begin
    select s.ret_code, s.ret_note
      into ret_code, ret_note
      from londiste.execute_start(i_queue_name, i_file_name, i_sql, i_expect_root, null) s;
end;
$$;
