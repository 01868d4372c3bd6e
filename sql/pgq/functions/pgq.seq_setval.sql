-- pgq.seq_setval: raises a sequence to a value, and never lowers it.
-- Parameters: i_seq_name - sequence name, public is the default schema; i_new_value - value to reach.
-- Returns: value the sequence has afterwards.
-- Tables written: the sequence.
create or replace function pgq.seq_setval(i_seq_name text, i_new_value bigint)
returns bigint as $$
declare
    v_name constant pg_catalog.text := pgq.quote_fqname(i_seq_name);
    v_value bigint := pgq.seq_getval(i_seq_name);
begin
    if i_new_value operator(pg_catalog.>) v_value then
        v_value := pg_catalog.setval(v_name::pg_catalog.regclass, i_new_value);
    end if;
    return v_value;
end;
$$ language plpgsql strict;
