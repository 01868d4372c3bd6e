-- trunkline_capture.follows_settings: may the events of a table look otherwise under other settings of the writer's session?
-- Dates and times that are columns do not: JSON has a form of its own for them. Types that are not known here may.
-- Parameters: i_table - table.
-- Returns: true or false.
-- Tables written: none.
create or replace function trunkline_capture.follows_settings(i_table oid)
returns boolean as $$
    with recursive part(type, inside) as (
        select a.atttypid, false
          from pg_catalog.pg_attribute a
         where a.attrelid operator(pg_catalog.=) i_table and a.attnum operator(pg_catalog.>) 0::smallint and not a.attisdropped
        union
        select case t.typtype when 'd' then t.typbasetype when 'c' then a.atttypid else t.typelem end, true
          from part p
          join pg_catalog.pg_type t on t.oid operator(pg_catalog.=) p.type
          left join pg_catalog.pg_attribute a
            on t.typtype operator(pg_catalog.=) 'c' and a.attrelid operator(pg_catalog.=) t.typrelid
           and a.attnum operator(pg_catalog.>) 0::smallint and not a.attisdropped
         where t.typtype operator(pg_catalog.=) any (array['d', 'c']::"char"[])
            or (t.typtype operator(pg_catalog.=) 'b' and t.typcategory operator(pg_catalog.=) 'A')
    )
    select exists (
        select 1
          from part p
          join pg_catalog.pg_type t on t.oid operator(pg_catalog.=) p.type
         where not (
               t.typtype operator(pg_catalog.=) any (array['d', 'c', 'e']::"char"[])
               or (t.typtype operator(pg_catalog.=) 'b' and t.typcategory operator(pg_catalog.=) 'A')
               -- Boolean, bytea, "char", name, the integers, text, oid, JSON, xml, char, varchar, the times of a day, bits, numeric,
               -- uuid, inet, cidr, macaddr; ranges of integers and numeric.
               or t.oid operator(pg_catalog.=) any (array[
                   16, 17, 18, 19, 20, 21, 23, 25, 26, 114, 142, 650, 774, 829, 869, 1042, 1043, 1083, 1266, 1560, 1562, 1700, 2950, 3802,
                   3904, 3906, 3926]::oid[])
               -- Date, timestamp, timestamptz.
               or (not p.inside and t.oid operator(pg_catalog.=) any (array[1082, 1114, 1184]::oid[]))));
$$ language sql stable strict;
