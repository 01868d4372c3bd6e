-- londiste.create_partition(i_table, i_part, i_pkeys, i_part_field, i_part_time, i_part_period)
--
-- Makes a child of a table, with everything the parent has: columns, constraints, indexes, owner, grants, triggers
-- and rules. Callers that want the same partition at once take turns.
--
-- Parameters:
--   i_table        raw name of the parent
--   i_part         raw name of the child
--   i_pkeys        not used: the key comes from the parent
--   i_part_field   column of which the child holds one period; NULL or '' for no check
--   i_part_time    a time in that period
--   i_part_period  hour, day, month, year or another unit of date_trunc
-- Returns: 1 made; 0 the child is there already.
-- Tables written: none (makes a table).
create function londiste.create_partition(
    i_table text,
    i_part text,
    i_pkeys text,
    i_part_field text,
    i_part_time timestamptz,
    i_part_period text)
returns integer
language plpgsql
as $$
declare
    v_parent text := londiste.quote_fqname(i_table);
    v_part text := londiste.quote_fqname(i_part);
    v_parent_oid oid := v_parent::regclass::oid;
    v_start timestamptz;
    v_end timestamptz;
    v_format text := 'YYYY-MM-DD HH24:MI:SS';
    v_item record;
    v_def text;
    v_head text;
    v_seen text;
begin
    if v_parent_oid is null then
        raise exception 'a partition of which table? Its name is NULL';
    end if;
    if londiste.find_table_oid(i_part) is not null then
        return 0;
    end if;
    lock table londiste.table_info in share update exclusive mode;
    if londiste.find_table_oid(i_part) is not null then
        return 0;
    end if;

    -- Generated columns are inherited, and may not be declared again.
    execute pg_catalog.format('create table %1$s (like %2$s including all excluding generated) inherits (%2$s)',
                              v_part, v_parent);
    raise debug 'the key of % comes from its parent, not from "%"', v_part, i_pkeys;

    select c.relowner::regrole::text as owner
      into v_item
      from pg_catalog.pg_class c
     where c.oid operator(pg_catalog.=) v_parent_oid;
    execute pg_catalog.format('alter table %s owner to %s', v_part, v_item.owner);

    if i_part_field operator(pg_catalog.<>) '' then
        if i_part_time is null or i_part_period is null then
            raise exception 'a partition by % needs a time and a period', i_part_field;
        end if;
        v_start := pg_catalog.date_trunc(i_part_period, i_part_time);
        perform 1
           from pg_catalog.pg_attribute a
          where a.attrelid operator(pg_catalog.=) v_parent_oid
            and a.attname operator(pg_catalog.=) i_part_field
            and a.atttypid operator(pg_catalog.=) 'pg_catalog.timestamptz'::regtype::oid;
        if found then
            v_format := 'YYYY-MM-DD HH24:MI:SSOF';
        end if;
        v_end := v_start operator(pg_catalog.+) pg_catalog.format('1 %s', i_part_period)::interval;
        execute pg_catalog.format('alter table %1$s add check (%2$I >= %3$L and %2$I < %4$L)', v_part, i_part_field,
                                  pg_catalog.to_char(v_start, v_format), pg_catalog.to_char(v_end, v_format));
    end if;

    for v_item in
        select x.privilege_type, x.is_grantable,
               case when x.grantee operator(pg_catalog.=) 0 then 'public' else x.grantee::regrole::text end as grantee
          from pg_catalog.pg_class c
          cross join lateral pg_catalog.aclexplode(c.relacl) x
         where c.oid operator(pg_catalog.=) v_parent_oid
           and x.grantee operator(pg_catalog.<>) c.relowner
    loop
        execute pg_catalog.format('grant %s on %s to %s%s', v_item.privilege_type, v_part, v_item.grantee,
                                  case when v_item.is_grantable then ' with grant option' end);
    end loop;

    for v_item in
        select g.oid, g.tgname, g.tgenabled, g.tgconstraint
          from pg_catalog.pg_trigger g
         where g.tgrelid operator(pg_catalog.=) v_parent_oid
           and not g.tgisinternal
         order by g.tgname
    loop
        -- The table is named after the trigger's own name, which may hold any text.
        v_def := pg_catalog.pg_get_triggerdef(v_item.oid);
        v_head := pg_catalog.format('CREATE %sTRIGGER %I',
                                    case when v_item.tgconstraint operator(pg_catalog.<>) 0 then 'CONSTRAINT ' end,
                                    v_item.tgname);
        v_def := pg_catalog.substr(v_def, pg_catalog.length(v_head) operator(pg_catalog.+) 1);
        v_seen := pg_catalog.format(' ON %s ', v_parent);
        execute pg_catalog.concat(v_head, overlay(v_def placing pg_catalog.format(' ON %s ', v_part)
                                                  from pg_catalog.strpos(v_def, v_seen)
                                                  for pg_catalog.length(v_seen)));
        if v_item.tgenabled operator(pg_catalog.<>) 'O' then
            execute pg_catalog.format('alter table %s %s trigger %I', v_part,
                                      case when v_item.tgenabled operator(pg_catalog.=) 'D' then 'disable'
                                           when v_item.tgenabled operator(pg_catalog.=) 'R' then 'enable replica'
                                           else 'enable always' end,
                                      v_item.tgname);
        end if;
    end loop;

    for v_item in
        select r.oid, r.rulename, r.ev_enabled
          from pg_catalog.pg_rewrite r
         where r.ev_class operator(pg_catalog.=) v_parent_oid
           and r.rulename operator(pg_catalog.<>) '_RETURN'
         order by r.rulename
    loop
        v_def := pg_catalog.pg_get_ruledef(v_item.oid);
        v_head := pg_catalog.format('CREATE RULE %I', v_item.rulename);
        v_def := pg_catalog.substr(v_def, pg_catalog.length(v_head) operator(pg_catalog.+) 1);
        v_seen := pg_catalog.format(' TO %s', v_parent);
        execute pg_catalog.concat(v_head, overlay(v_def placing pg_catalog.format(' TO %s', v_part)
                                                  from pg_catalog.strpos(v_def, v_seen)
                                                  for pg_catalog.length(v_seen)));
        if v_item.ev_enabled operator(pg_catalog.<>) 'O' then
            execute pg_catalog.format('alter table %s %s rule %I', v_part,
                                      case when v_item.ev_enabled operator(pg_catalog.=) 'D' then 'disable'
                                           when v_item.ev_enabled operator(pg_catalog.=) 'R' then 'enable replica'
                                           else 'enable always' end,
                                      v_item.rulename);
        end if;
    end loop;

    return 1;
end;
$$;
