-- londiste.find_table_fkeys(i_table_name)
--
-- Foreign keys from a table, and to it.
--
-- Parameters:
--   i_table_name  raw name of a plain table
-- Returns: rows as londiste.pending_fkeys would hold them.
-- Tables written: none.
create function londiste.find_table_fkeys(i_table_name text)
returns setof londiste.pending_fkeys
language plpgsql
stable
strict
as $$
declare
    v_oid oid := londiste.find_table_oid(i_table_name);
    v_fkey record;
    v_from text;
    v_to text;
    v_def text;
    v_seen text;
begin
    -- The parts of a key on partitioned tables come and go with the whole.
    for v_fkey in
        select k.conname, k.oid, k.confrelid,
               fn.nspname as from_schema, f.relname as from_name,
               tn.nspname as to_schema, t.relname as to_name
          from pg_catalog.pg_constraint k
          join pg_catalog.pg_class f on f.oid operator(pg_catalog.=) k.conrelid
          join pg_catalog.pg_namespace fn on fn.oid operator(pg_catalog.=) f.relnamespace
          join pg_catalog.pg_class t on t.oid operator(pg_catalog.=) k.confrelid
          join pg_catalog.pg_namespace tn on tn.oid operator(pg_catalog.=) t.relnamespace
         where k.contype operator(pg_catalog.=) 'f'
           and k.conparentid operator(pg_catalog.=) 0
           and (k.conrelid operator(pg_catalog.=) v_oid or k.confrelid operator(pg_catalog.=) v_oid)
         order by fn.nspname, f.relname, k.conname
    loop
        v_from := pg_catalog.format('%s.%s', v_fkey.from_schema, v_fkey.from_name);
        v_to := pg_catalog.format('%s.%s', v_fkey.to_schema, v_fkey.to_name);

        -- The server names the other table as the search path of this session has it; the session that brings the
        -- key back may have another one.
        v_def := pg_catalog.pg_get_constraintdef(v_fkey.oid);
        v_seen := pg_catalog.format(' REFERENCES %s(', v_fkey.confrelid::regclass);
        v_def := overlay(v_def placing pg_catalog.format(' REFERENCES %s(', londiste.quote_fqname(v_to))
                         from pg_catalog.strpos(v_def, v_seen) for pg_catalog.length(v_seen));

        return query
            select v_from, v_to, v_fkey.conname::text,
                   pg_catalog.format('alter table only %s add constraint %I %s',
                                     londiste.quote_fqname(v_from), v_fkey.conname, v_def);
    end loop;
end;
$$;
