-- londiste.local_add_seq(i_queue_name, i_seq_name)
--
-- Begins to replicate a sequence here. A root publishes its value at once; elsewhere it is moved on to the value
-- last published.
--
-- Parameters:
--   i_queue_name  name of the queue
--   i_seq_name    the sequence
-- Returns: 200 added; 201 added before; 400 there is no such sequence; 404 it is not known on the queue.
-- Tables written: londiste.seq_info; on a root the queue (event londiste.update-seq), elsewhere the sequence.
create function londiste.local_add_seq(
    in i_queue_name text,
    in i_seq_name text,
    out ret_code integer,
    out ret_note text)
returns record
language plpgsql
as $$
declare
    v_seq text := londiste.make_fqname(i_seq_name);
    v_root boolean;
    v_local boolean;
    v_published bigint;
    v_real bigint;
begin
    if londiste.find_seq_oid(v_seq) is null then
        ret_code := 400;
        ret_note := pg_catalog.format('Sequence not found: %s', v_seq);
        return;
    end if;
    v_root := pgq_node.is_root_node(i_queue_name);

    select s.local, s.last_value
      into v_local, v_published
      from londiste.seq_info s
     where s.queue_name operator(pg_catalog.=) i_queue_name
       and s.seq_name operator(pg_catalog.=) v_seq
       for no key update;
    if not found and not v_root then
        ret_code := 404;
        ret_note := pg_catalog.format('Unknown sequence: %s', v_seq);
        return;
    end if;
    if v_local then
        ret_code := 201;
        ret_note := pg_catalog.format('Sequence already added: %s', v_seq);
        return;
    end if;

    if v_root then
        v_real := pgq.seq_getval(v_seq);
        insert into londiste.seq_info (queue_name, seq_name, local, last_value)
        values (i_queue_name, v_seq, true, v_real)
            on conflict on constraint seq_info_pkey do update
           set local = true,
               last_value = excluded.last_value;
        perform londiste.root_check_seqs(i_queue_name);

        -- A sequence that is at its end has nothing ahead to publish, but the others must hear of it.
        perform 1
           from londiste.seq_info s
          where s.queue_name operator(pg_catalog.=) i_queue_name
            and s.seq_name operator(pg_catalog.=) v_seq
            and s.last_value operator(pg_catalog.=) v_real;
        if found then
            perform pgq.insert_event(i_queue_name, 'londiste.update-seq', v_real::text, v_seq, null, null, null);
        end if;
    else
        update londiste.seq_info s
           set local = true
         where s.queue_name operator(pg_catalog.=) i_queue_name
           and s.seq_name operator(pg_catalog.=) v_seq;
        perform pgq.seq_setval(v_seq, v_published);
    end if;

    ret_code := 200;
    ret_note := pg_catalog.format('Sequence added: %s', v_seq);
end;
$$;
