-- londiste.local_remove_seq(i_queue_name, i_seq_name)
--
-- Ends the replication of a sequence here; on a root in the whole cascade.
--
-- Parameters:
--   i_queue_name  name of the queue
--   i_seq_name    the sequence
-- Returns: 200 ended; 404 it is not replicated here; on a root what global_remove_seq answers.
-- Tables written: londiste.seq_info; on a root the queue (event londiste.remove-seq).
create function londiste.local_remove_seq(
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
    if pgq_node.is_root_node(i_queue_name) then
        select g.ret_code, g.ret_note
          into ret_code, ret_note
          from londiste.global_remove_seq(i_queue_name, v_seq) g;
        return;
    end if;

    update londiste.seq_info s
       set local = false
     where s.queue_name operator(pg_catalog.=) i_queue_name
       and s.seq_name operator(pg_catalog.=) v_seq
       and s.local;
    if not found then
        ret_code := 404;
        ret_note := pg_catalog.format('Sequence not found: %s', v_seq);
        return;
    end if;

    ret_code := 200;
    ret_note := pg_catalog.format('Sequence removed: %s', v_seq);
end;
$$;
