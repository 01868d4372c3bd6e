-- londiste.drop_obsolete_partitions(i_parent_table, i_retention_period, i_partition_period)
--
-- Drops what list_obsolete_partitions lists.
--
-- Parameters:
--   i_parent_table      raw name of the parent
--   i_retention_period  how long rows are kept
--   i_partition_period  as is_obsolete_partition takes it
-- Returns: names of the dropped tables, quoted for SQL text.
-- Tables written: none (drops tables).
create function londiste.drop_obsolete_partitions(
    in i_parent_table text,
    in i_retention_period interval,
    in i_partition_period text)
returns setof text
language plpgsql
as $$
declare
    v_part text;
begin
    for v_part in
        select l.part
          from londiste.list_obsolete_partitions(i_parent_table, i_retention_period, i_partition_period) l(part)
    loop
        execute pg_catalog.format('drop table %s', v_part);
        return next v_part;
    end loop;
end;
$$;
