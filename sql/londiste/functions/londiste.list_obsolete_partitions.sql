-- londiste.list_obsolete_partitions(i_parent_table, i_retention_period, i_partition_period)
--
-- Partitions of a table that is_obsolete_partition finds obsolete. They are known by name alone: the parent's, with
-- the time behind it, in the same schema.
--
-- Parameters:
--   i_parent_table      raw name of the parent
--   i_retention_period  how long rows are kept
--   i_partition_period  as is_obsolete_partition takes it
-- Returns: names quoted for SQL text, in order.
-- Tables written: none.
create function londiste.list_obsolete_partitions(
    in i_parent_table text,
    in i_retention_period interval,
    in i_partition_period text)
returns setof text
language plpgsql
as $$
begin
    if i_parent_table is null then
        raise exception 'obsolete partitions of which table? Its name is NULL';
    end if;
    return query
        select pg_catalog.format('%I.%I', n.nspname, c.relname)
          from londiste.split_fqname(i_parent_table) s
          join pg_catalog.pg_namespace n
            on n.nspname operator(pg_catalog.=) s.schema_part
          join pg_catalog.pg_class c
            on c.relnamespace operator(pg_catalog.=) n.oid
         where c.relkind operator(pg_catalog.=) 'r'
           and pg_catalog.starts_with(c.relname::text, pg_catalog.concat(s.name_part, '_'))
           and substring(pg_catalog.substr(c.relname::text, pg_catalog.length(s.name_part) operator(pg_catalog.+) 1)
                         from '^_[0-9]{4}(?:_[0-9]{2}){0,3}$') is not null
           and londiste.is_obsolete_partition(c.relname::text, i_retention_period, i_partition_period)
         order by c.relname;
end;
$$;
