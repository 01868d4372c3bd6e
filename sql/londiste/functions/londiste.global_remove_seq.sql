-- londiste.global_remove_seq(i_queue_name, i_seq_name)
--
-- Forgets a sequence of a queue. A root tells all others.
--
-- Parameters:
--   i_queue_name  name of the queue
--   i_seq_name    the sequence
-- Returns: 200 gone; 400 it was not known.
-- Tables written: londiste.seq_info; on a root the queue (event londiste.remove-seq).
create function londiste.global_remove_seq(
    in i_queue_name text,
    in i_seq_name text,
    out ret_code integer,
    out ret_note text)
returns record
language plpgsql
strict
as $$
declare
    v_seq text := londiste.make_fqname(i_seq_name);
begin
    delete from londiste.seq_info s
     where s.queue_name operator(pg_catalog.=) i_queue_name
       and s.seq_name operator(pg_catalog.=) v_seq;
    if not found then
        ret_code := 400;
        ret_note := pg_catalog.format('Sequence not found: %s', v_seq);
        return;
    end if;

    if pgq_node.is_root_node(i_queue_name) then
        perform londiste.root_notify_change(i_queue_name, 'londiste.remove-seq', v_seq);
    end if;

    ret_code := 200;
    ret_note := pg_catalog.format('Sequence removed: %s', v_seq);
end;
$$;
