-- londiste.drop_table_fkey(i_from_table, i_fkey_name)
--
-- Takes a foreign key down and keeps its definition.
--
-- Parameters:
--   i_from_table  full raw name of the table that has it
--   i_fkey_name   name of the key
-- Returns: 1 done; 0 there is no such key.
-- Tables written: londiste.pending_fkeys. Drops the constraint.
create function londiste.drop_table_fkey(i_from_table text, i_fkey_name text)
returns integer
language plpgsql
strict
as $$
declare
    v_fkey londiste.pending_fkeys;
begin
    select f.*
      into v_fkey
      from londiste.find_table_fkeys(i_from_table) f
     where f.from_table operator(pg_catalog.=) i_from_table
       and f.fkey_name operator(pg_catalog.=) i_fkey_name;
    if not found then
        return 0;
    end if;

    insert into londiste.pending_fkeys (from_table, to_table, fkey_name, fkey_def)
    values (v_fkey.from_table, v_fkey.to_table, v_fkey.fkey_name, v_fkey.fkey_def)
        on conflict on constraint pending_fkeys_pkey do update
       set to_table = excluded.to_table,
           fkey_def = excluded.fkey_def;

    execute pg_catalog.format('alter table only %s drop constraint %I',
                              londiste.quote_fqname(v_fkey.from_table), v_fkey.fkey_name);
    return 1;
end;
$$;
