-- londiste.restore_table_fkey(i_from_table, i_fkey_name, i_lazy)
--
-- Brings back a foreign key that was taken down. Lazily, the caller runs what this returns, in transactions of its
-- own, and calls again until there is nothing left: the key is added without a check, and then validated under a
-- weaker lock.
--
-- Parameters:
--   i_from_table  full raw name of the table that had it
--   i_fkey_name   name of the key
--   i_lazy        true to go step by step
-- Returns: the statement to run next, or '' when the key is back or was not taken down.
-- Tables written: londiste.pending_fkeys. Makes the constraint unless lazy.
create function londiste.restore_table_fkey(i_from_table text, i_fkey_name text, i_lazy boolean default false)
returns text
language plpgsql
strict
as $$
declare
    v_def text;
    v_unchecked boolean;
    v_validated boolean;
    v_next text;
begin
    select p.fkey_def
      into v_def
      from londiste.pending_fkeys p
     where p.from_table operator(pg_catalog.=) i_from_table
       and p.fkey_name operator(pg_catalog.=) i_fkey_name
       for update;
    if not found then
        return '';
    end if;

    -- A key that was not valid when it was taken down comes back as it was.
    v_unchecked := pg_catalog.right(v_def, 10) operator(pg_catalog.=) ' NOT VALID';

    select k.convalidated
      into v_validated
      from pg_catalog.pg_constraint k
     where k.conrelid operator(pg_catalog.=) londiste.find_table_oid(i_from_table)
       and k.conname::text operator(pg_catalog.=) i_fkey_name
       and k.contype operator(pg_catalog.=) 'f';
    if not found then
        v_next := pg_catalog.concat(v_def, case when i_lazy and not v_unchecked then ' not valid' end);
    elsif not v_validated and not v_unchecked then
        v_next := pg_catalog.format('alter table only %s validate constraint %I',
                                    londiste.quote_fqname(i_from_table), i_fkey_name);
    end if;

    if v_next is not null then
        if i_lazy then
            return v_next;
        end if;
        execute v_next;
    end if;

    delete from londiste.pending_fkeys p
     where p.from_table operator(pg_catalog.=) i_from_table
       and p.fkey_name operator(pg_catalog.=) i_fkey_name;
    return '';
end;
$$;
