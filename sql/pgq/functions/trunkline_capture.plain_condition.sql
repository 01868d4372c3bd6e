-- trunkline_capture.plain_condition: which settings of the writer's session may make the events of a table look otherwise? Dates and
-- times that are columns follow none: JSON has a form of its own for them. Types that are not known here may follow all.
-- Parameters: i_table - table.
-- Returns: SQL of what trunkline_capture.writes_plainly() asks, as far as the table's types follow it; NULL where they do not.
-- Tables written: none.
create or replace function trunkline_capture.plain_condition(i_table oid)
returns text as $$
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
    ), followed(setting) as (
        select case
                   when t.typtype operator(pg_catalog.=) any (array['d', 'c', 'e']::"char"[])
                        or (t.typtype operator(pg_catalog.=) 'b' and t.typcategory operator(pg_catalog.=) 'A') then 'none'
                   -- Boolean, bytea, "char", name, the integers, text, oid, JSON, xml, char, varchar, the times of a day, bits, numeric,
                   -- uuid, inet, cidr, macaddr; ranges of integers and numeric.
                   when t.oid operator(pg_catalog.=) any (array[
                       16, 17, 18, 19, 20, 21, 23, 25, 26, 114, 142, 650, 774, 829, 869, 1042, 1043, 1083, 1266, 1560, 1562, 1700, 2950, 3802,
                       3904, 3906, 3926]::oid[]) then 'none'
                   -- Date, timestamp, timestamptz.
                   when t.oid operator(pg_catalog.=) any (array[1082, 1114, 1184]::oid[])
                   then case when p.inside then 'datestyle' else 'none' end
                   when t.oid operator(pg_catalog.=) 1186::oid then 'intervalstyle'
                   when t.oid operator(pg_catalog.=) any (array[700, 701]::oid[]) then 'extra_float_digits'
                   else 'all'
               end
          from part p
          join pg_catalog.pg_type t on t.oid operator(pg_catalog.=) p.type
    )
    select pg_catalog.string_agg(c.condition, ' and ' order by c.setting)
      from (values
               ('datestyle', 'pg_catalog.starts_with(pg_catalog.current_setting(''datestyle''), ''ISO'')'),
               ('intervalstyle', 'pg_catalog.current_setting(''intervalstyle'') operator(pg_catalog.<>) ''sql_standard'''),
               ('extra_float_digits', 'pg_catalog.current_setting(''extra_float_digits'')::integer operator(pg_catalog.>) 0')
           ) c (setting, condition)
     where exists (
         select 1 from followed f where f.setting operator(pg_catalog.=) any (array[c.setting, 'all']));
$$ language sql stable strict;
