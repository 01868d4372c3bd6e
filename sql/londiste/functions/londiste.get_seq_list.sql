-- londiste.get_seq_list(i_queue_name)
--
-- The sequences known on a queue, in the order they came.
--
-- Parameters:
--   i_queue_name  name of the queue
-- Returns: a row per sequence: its name, the value last published, and whether it is replicated here.
-- Tables written: none.
create function londiste.get_seq_list(
    in i_queue_name text,
    out seq_name text,
    out last_value bigint,
    out local boolean)
returns setof record
language plpgsql
strict
as $$
begin
    return query
        select s.seq_name, s.last_value, s.local
          from londiste.seq_info s
         where s.queue_name operator(pg_catalog.=) i_queue_name
         order by s.nr;
end;
$$;
