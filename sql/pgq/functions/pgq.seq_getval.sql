-- pgq.seq_getval: reads the last value of a sequence without advancing it.
-- Parameters: i_seq_name - sequence name, public is the default schema.
-- Returns: last_value of the sequence (its start value when it was never used).
-- Tables written: none.
create or replace function pgq.seq_getval(i_seq_name text)
returns bigint as $$
declare
    v_value bigint;
begin
    execute 'select last_value from ' operator(pg_catalog.||) pgq.quote_fqname(i_seq_name) into strict v_value;
    return v_value;
end;
$$ language plpgsql strict;
