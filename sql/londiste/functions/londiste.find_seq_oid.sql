-- londiste.find_seq_oid(seq)
--
-- Looks a sequence up in the system catalogs.
--
-- Parameters:
--   seq  raw name, without quotes
-- Returns: its oid, or NULL.
-- Tables written: none.
create function londiste.find_seq_oid(seq text)
returns oid
language plpgsql
stable
strict
as $$
begin
    return londiste.find_rel_oid(seq, 'S');
end;
$$;
