-- pgq.seq_setval: moves a sequence on to a value, in the direction in which it counts, and never back.
-- Parameters: i_seq_name - sequence name, public is the default schema; i_new_value - value to reach.
-- Returns: value the sequence has afterwards.
-- Tables written: the sequence.
create or replace function pgq.seq_setval(i_seq_name text, i_new_value bigint)
returns bigint as $$
declare
    v_name constant pg_catalog.text := pgq.quote_fqname(i_seq_name);
    v_value bigint := pgq.seq_getval(i_seq_name);
begin
    perform 1
       from pg_catalog.pg_sequence s
      where s.seqrelid operator(pg_catalog.=) v_name::pg_catalog.regclass
        and case
                when s.seqincrement operator(pg_catalog.>) 0 then i_new_value operator(pg_catalog.>) v_value
                else i_new_value operator(pg_catalog.<) v_value
            end;
    if found then
        v_value := pg_catalog.setval(v_name::pg_catalog.regclass, i_new_value);
    end if;
    return v_value;
end;
$$ language plpgsql strict;
