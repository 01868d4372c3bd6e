-- londiste.root_check_seqs(i_queue_name, i_buffer)
--
-- Maintenance job of a root: keeps the published values of its sequences well ahead of the real ones, in the direction
-- in which each of them counts, so that whoever becomes root never gives a value twice.
--
-- Parameters:
--   i_queue_name  name of the queue
--   i_buffer      how far ahead at least; 10000 when NULL or below 10
-- Returns: 100 checked; 402 the local node is not the root; 404 unknown queue.
-- Tables written: londiste.seq_info and the queue (event londiste.update-seq).
create function londiste.root_check_seqs(
    in i_queue_name text,
    in i_buffer bigint,
    out ret_code integer,
    out ret_note text)
returns record
language plpgsql
as $$
declare
    v_node_type text;
    v_buffer bigint := case when i_buffer operator(pg_catalog.>=) 10 then i_buffer else 10000 end;
    v_step bigint := 3 operator(pg_catalog.*) v_buffer;
    v_seq record;
    v_real bigint;
    v_new bigint;
    v_ahead numeric;
    v_gain numeric;
begin
    select n.node_type
      into v_node_type
      from pgq_node.node_info n
     where n.queue_name operator(pg_catalog.=) i_queue_name;
    if not found then
        ret_code := 404;
        ret_note := pg_catalog.format('Queue not found: %s', i_queue_name);
        return;
    end if;
    if v_node_type operator(pg_catalog.<>) 'root' then
        ret_code := 402;
        ret_note := 'Not a root node';
        return;
    end if;

    for v_seq in
        select i.seq_name, i.last_value, s.seqmin, s.seqmax, pg_catalog.sign(s.seqincrement) as direction
          from londiste.seq_info i
          left join pg_catalog.pg_sequence s
            on s.seqrelid operator(pg_catalog.=) londiste.find_seq_oid(i.seq_name)
         where i.queue_name operator(pg_catalog.=) i_queue_name
           and i.local
         order by i.nr
           for no key update of i
    loop
        -- One sequence that was dropped must not keep the others from being published.
        if v_seq.direction is null then
            raise warning 'sequence % of queue % does not exist', v_seq.seq_name, i_queue_name;
            continue;
        end if;

        -- In numeric, as either end may be that of bigint. Subscribers could not store a value behind an end.
        v_real := pgq.seq_getval(v_seq.seq_name);
        v_new := least(greatest(v_real::numeric operator(pg_catalog.+)
                     (v_seq.direction::numeric operator(pg_catalog.*) v_step::numeric), v_seq.seqmin), v_seq.seqmax);
        v_ahead := (v_seq.last_value::numeric operator(pg_catalog.-) v_real::numeric)
                   operator(pg_catalog.*) v_seq.direction::numeric;
        v_gain := (v_new::numeric operator(pg_catalog.-) v_seq.last_value::numeric)
                  operator(pg_catalog.*) v_seq.direction::numeric;
        if v_ahead operator(pg_catalog.<=) v_buffer::numeric and v_gain operator(pg_catalog.>) 0::numeric then
            perform pgq.insert_event(i_queue_name, 'londiste.update-seq', v_new::text,
                                     v_seq.seq_name, null, null, null);
            update londiste.seq_info i
               set last_value = v_new
             where i.queue_name operator(pg_catalog.=) i_queue_name
               and i.seq_name operator(pg_catalog.=) v_seq.seq_name;
        end if;
    end loop;

    ret_code := 100;
    ret_note := 'Sequences updated';
end;
$$;

-- The same with the usual distance.
create function londiste.root_check_seqs(
    in i_queue_name text,
    out ret_code integer,
    out ret_note text)
returns record
language plpgsql
as $$
begin
    select c.ret_code, c.ret_note
      into ret_code, ret_note
      from londiste.root_check_seqs(i_queue_name, 10000) c;
end;
$$;
