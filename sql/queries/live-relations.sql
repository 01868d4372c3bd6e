-- One row: every table and sequence of a user, as JSON.
-- The size functions wait for a table's lock. A table that somebody has locked out, as a first copy or an ALTER does,
-- is not asked: it counts as holding rows, and its size is that of the last VACUUM or ANALYZE.
with user_relation as (
    select c.oid, n.nspname || '.' || c.relname as name, c.relkind, c.relispartition, c.reltuples, c.relpages,
           c.reltoastrelid,
           exists (
               select
                 from pg_catalog.pg_locks l
                where l.locktype = 'relation'
                  and l.relation = c.oid
                  and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = current_database())
                  and l.mode = 'AccessExclusiveLock') as locked
      from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p', 'S')
       and c.relpersistence <> 't'
       and n.nspname !~ '^pg_'
       and n.nspname <> all(array['information_schema', 'pgq', 'pgq_ext', 'pgq_node', 'londiste', 'trunkline', 'trunkline_capture'])
), columns as (
    select a.attrelid, json_agg(json_build_array(
               a.attname,
               pg_catalog.format_type(a.atttypid, a.atttypmod),
               a.attnotnull,
               a.atthasdef and a.attgenerated = '' or a.attidentity <> '',
               nullif(a.attgenerated, '')) order by a.attnum) as list
      from pg_catalog.pg_attribute a
      join user_relation r on r.oid = a.attrelid and r.relkind <> 'S'
     where a.attnum > 0
       and not a.attisdropped
     group by a.attrelid
), key_column as (
    select i.indexrelid, i.indrelid, i.indisprimary, a.attname, a.attnotnull, k.position
      from pg_catalog.pg_index i
      join user_relation r on r.oid = i.indrelid
     cross join lateral unnest(i.indkey::int2[]) with ordinality k (attnum, position)
      join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
     where i.indisunique
       and i.indisvalid
       and i.indpred is null
       and i.indexprs is null
       and k.position <= i.indnkeyatts
), unique_key as (
    select k.indrelid, k.indexrelid, k.indisprimary,
           json_agg(k.attname order by k.position) as column_names,
           bool_and(k.attnotnull) as not_null
      from key_column k
     group by k.indrelid, k.indexrelid, k.indisprimary
), keys as (
    select u.indrelid,
           json_agg(u.column_names) filter (where u.indisprimary) -> 0 as primary_key,
           json_agg(json_build_array(c.relname, u.column_names, u.not_null) order by c.relname)
               filter (where not u.indisprimary) as unique_keys
      from unique_key u
      join pg_catalog.pg_class c on c.oid = u.indexrelid
     group by u.indrelid
), owned as (
    select d.refobjid, json_agg(s.name order by d.refobjsubid, s.name) as sequences
      from pg_catalog.pg_depend d
      join user_relation s on s.oid = d.objid and s.relkind = 'S'
     where d.classid = 'pg_catalog.pg_class'::regclass
       and d.refclassid = 'pg_catalog.pg_class'::regclass
       and d.refobjsubid > 0
       and d.deptype in ('a', 'i')
     group by d.refobjid
), sized as (
    select r.oid,
           case
               when r.relkind = 'p' then 0
               when r.locked then r.relpages * current_setting('block_size')::bigint
               else pg_catalog.pg_total_relation_size(r.oid)
           end as bytes,
           case
               when r.relkind = 'p' then true
               when r.locked then false
               else pg_catalog.pg_relation_size(r.oid) = 0
           end as empty
      from user_relation r
     where r.relkind <> 'S'
), counted as (
    select r.oid, r.relkind, s.bytes, s.empty,
           case
               when s.empty then 0
               when r.reltuples > 0 or r.reltuples = 0 and r.relpages > 0 then r.reltuples
           end as rows
      from user_relation r
      join sized s on s.oid = r.oid
), facts as (
    select c.oid, c.rows, c.bytes, c.empty
      from counted c
     where c.relkind = 'r'
     union all
    select c.oid,
           case when bool_and(part.rows is not null) then sum(part.rows) end,
           coalesce(sum(part.bytes), 0),
           coalesce(bool_and(part.empty), true)
      from counted c
      left join lateral pg_catalog.pg_partition_tree(c.oid) t on t.isleaf
      left join counted part on part.oid = t.relid and part.oid <> c.oid
     where c.relkind = 'p'
     group by c.oid
)
select
    (select coalesce(json_agg(json_build_array(
         r.name,
         r.relkind = 'p',
         case when r.relispartition then (
             select pn.nspname || '.' || pc.relname
               from pg_catalog.pg_inherits i
               join pg_catalog.pg_class pc on pc.oid = i.inhparent
               join pg_catalog.pg_namespace pn on pn.oid = pc.relnamespace
              where i.inhrelid = r.oid) end,
         coalesce(a.list, '[]'),
         k.primary_key,
         coalesce(k.unique_keys, '[]'),
         coalesce(o.sequences, '[]'),
         f.rows,
         f.bytes,
         f.empty) order by r.name), '[]')
       from user_relation r
       left join columns a on a.attrelid = r.oid
       left join keys k on k.indrelid = r.oid
       left join owned o on o.refobjid = r.oid
       join facts f on f.oid = r.oid) as tables,
    (select coalesce(json_agg(r.name order by r.name), '[]')
       from user_relation r
      where r.relkind = 'S') as sequences,
    (select coalesce(json_agg(r.name order by r.name), '[]')
       from user_relation r
       join pg_catalog.pg_sequence s on s.seqrelid = r.oid
      where s.seqincrement < 0) as falling
