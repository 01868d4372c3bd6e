-- trunkline_capture.table_facts: what the capture of a table has to know of it.
-- Parameters: i_table - table.
-- Returns: o_schema, o_table - its name; o_keys - key columns in the order of the index, NULL without a primary key;
-- o_immediate - whether the key is checked at each row; o_plain - whether the server's own JSON of a row is that of
-- pgq.jsontriga; o_columns - else, the columns of row n as they go into JSON; o_same_key - condition: the keys of rows n and o
-- are the same text; o_key - the key of row n as
-- one value, to compare with that of another row.
-- Tables written: none.
create or replace function trunkline_capture.table_facts(
    in i_table oid, out o_schema text, out o_table text, out o_keys text[], out o_immediate boolean, out o_plain boolean,
    out o_columns text, out o_same_key text, out o_key text)
returns record as $$
begin
    perform trunkline_capture.require_sight(i_table);
    select n.nspname, c.relname into o_schema, o_table
      from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) c.relnamespace
     where c.oid operator(pg_catalog.=) i_table;

    -- Boolean, bytea, "char", name, the integers, text, char, varchar, date, the times, interval, uuid, inet, cidr and macaddr
    -- are in JSON just what they are there; all else is a string of the type's output.
    select coalesce(pg_catalog.bool_and(a.plain), true),
           pg_catalog.string_agg(
               case
                   when a.plain then pg_catalog.format('n.%1$I', a.attname)
                   when a.atttypid operator(pg_catalog.=) any (array[114, 700, 701, 1700, 3802]::oid[])
                       then pg_catalog.format('n.%1$I::pg_catalog.text as %1$I', a.attname)
                   else pg_catalog.format('case when n.%1$I is distinct from null then pg_catalog.concat(n.%1$I) end as %1$I', a.attname)
               end, ', ' order by a.attnum)
      into o_plain, o_columns
      from (
          select a.attnum, a.attname, a.atttypid,
                 a.atttypid operator(pg_catalog.=) any (array[
                     16, 17, 18, 19, 20, 21, 23, 25, 650, 829, 869, 1042, 1043, 1082, 1083, 1114, 1184, 1186, 1266, 2950]::oid[]) as plain
            from pg_catalog.pg_attribute a
           where a.attrelid operator(pg_catalog.=) i_table
             and a.attnum operator(pg_catalog.>) 0::smallint
             and not a.attisdropped
      ) a;

    -- Equal is not enough for the key: readers tell rows apart by its text.
    select pg_catalog.array_agg(a.attname::pg_catalog.text order by k.place),
           pg_catalog.bool_and(i.indimmediate),
           pg_catalog.string_agg(
               pg_catalog.format(v.form, 'n', a.attname) operator(pg_catalog.||) ' operator(pg_catalog.=) '
               operator(pg_catalog.||) pg_catalog.format(v.form, 'o', a.attname), ' and ' order by k.place),
           case when pg_catalog.count(*) operator(pg_catalog.=) 1 then pg_catalog.min(pg_catalog.format(v.form, 'n', a.attname))
                else pg_catalog.format('array[%s]', pg_catalog.string_agg(
                    pg_catalog.format(v.form, 'n', a.attname) operator(pg_catalog.||) '::pg_catalog.text', ', ' order by k.place))
           end
      into o_keys, o_immediate, o_same_key, o_key
      from pg_catalog.pg_index i
      cross join lateral pg_catalog.unnest(i.indkey::smallint[]) with ordinality k(attnum, place)
      join pg_catalog.pg_attribute a
        on a.attrelid operator(pg_catalog.=) i_table and a.attnum operator(pg_catalog.=) k.attnum
      cross join lateral (
          select case when a.atttypid operator(pg_catalog.=) any (array[20, 21, 23, 26, 1082, 1114, 1184, 2950]::oid[]) then '%s.%I'
                      when a.atttypid operator(pg_catalog.=) any (array[25, 1043]::oid[])
                      then '(%s.%I::pg_catalog.text collate pg_catalog."C")'
                      else '(pg_catalog.concat(%s.%I) collate pg_catalog."C")'
                 end as form
      ) v
     where i.indrelid operator(pg_catalog.=) i_table
       and i.indisprimary
       and k.place operator(pg_catalog.<=) i.indnkeyatts::bigint;
    if o_keys is null then
        o_key := null;
    end if;
end;
$$ language plpgsql stable strict;
