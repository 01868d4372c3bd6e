-- londiste.global_update_seq(i_queue_name, i_seq_name, i_value)
--
-- A value of a sequence that the root has published. Where the sequence is replicated here it is moved on to that,
-- and never back.
--
-- Parameters:
--   i_queue_name  name of the queue
--   i_seq_name    the sequence
--   i_value       the published value
-- Returns: 200 kept; 402 the local node is the root; 404 unknown queue.
-- Tables written: londiste.seq_info; the sequence.
create function londiste.global_update_seq(
    in i_queue_name text,
    in i_seq_name text,
    in i_value bigint,
    out ret_code integer,
    out ret_note text)
returns record
language plpgsql
as $$
declare
    v_seq text := londiste.make_fqname(i_seq_name);
    v_node_type text;
    v_local boolean;
begin
    select n.node_type
      into v_node_type
      from pgq_node.node_info n
     where n.queue_name operator(pg_catalog.=) i_queue_name;
    if not found then
        ret_code := 404;
        ret_note := pg_catalog.format('Set not found: %s', i_queue_name);
        return;
    end if;
    if v_node_type operator(pg_catalog.=) 'root' then
        ret_code := 402;
        ret_note := 'Must not run on root node';
        return;
    end if;

    insert into londiste.seq_info as i (queue_name, seq_name, last_value)
    values (i_queue_name, v_seq, i_value)
        on conflict on constraint seq_info_pkey do update
       set last_value = excluded.last_value
    returning i.local
      into v_local;
    if v_local then
        perform pgq.seq_setval(v_seq, i_value);
    end if;

    ret_code := 200;
    ret_note := 'Sequence updated';
end;
$$;
