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
    v_parent_oid oid;
    v_start timestamptz;
    v_format text := 'YYYY-MM-DD HH24:MI:SS';
    v_item record;
    v_def text;
    v_head text;
begin
    if londiste.find_table_oid(i_part) is not null then
        return 0;
    end if;
    lock table londiste.table_info in share update exclusive mode;
    if londiste.find_table_oid(i_part) is not null then
        return 0;
    end if;

    -- Generated columns are inherited, and may not be declared again.
    execute 'create table ' || v_part || ' (like ' || v_parent || ' including all excluding generated)'
         || ' inherits (' || v_parent || ')';
    v_parent_oid := v_parent::regclass;

    select c.relowner::regrole::text as owner
      into v_item
      from pg_catalog.pg_class c
     where c.oid = v_parent_oid;
    execute 'alter table ' || v_part || ' owner to ' || v_item.owner;

    if i_part_field <> '' then
        if i_part_time is null or i_part_period is null then
            raise exception 'a partition by % needs a time and a period', i_part_field;
        end if;
        v_start := pg_catalog.date_trunc(i_part_period, i_part_time);
        perform 1
           from pg_catalog.pg_attribute a
          where a.attrelid = v_parent_oid
            and a.attname = i_part_field
            and a.atttypid = 'pg_catalog.timestamptz'::regtype;
        if found then
            v_format := v_format || 'OF';
        end if;
        execute 'alter table ' || v_part || ' add check ('
             || pg_catalog.quote_ident(i_part_field) || ' >= '
             || pg_catalog.quote_literal(pg_catalog.to_char(v_start, v_format))
             || ' and ' || pg_catalog.quote_ident(i_part_field) || ' < '
             || pg_catalog.quote_literal(pg_catalog.to_char(v_start + ('1 ' || i_part_period)::interval, v_format))
             || ')';
    end if;

    for v_item in
        select x.privilege_type, x.is_grantable,
               case when x.grantee = 0 then 'public' else x.grantee::regrole::text end as grantee
          from pg_catalog.pg_class c
          cross join lateral pg_catalog.aclexplode(c.relacl) x
         where c.oid = v_parent_oid
           and x.grantee <> c.relowner
    loop
        execute 'grant ' || v_item.privilege_type || ' on ' || v_part || ' to ' || v_item.grantee
             || case when v_item.is_grantable then ' with grant option' else '' end;
    end loop;

    for v_item in
        select g.oid, g.tgname, g.tgenabled, g.tgconstraint
          from pg_catalog.pg_trigger g
         where g.tgrelid = v_parent_oid
           and not g.tgisinternal
         order by g.tgname
    loop
        -- The table is named after the trigger's own name, which may hold any text.
        v_def := pg_catalog.pg_get_triggerdef(v_item.oid);
        v_head := 'CREATE ' || case when v_item.tgconstraint <> 0 then 'CONSTRAINT ' else '' end
               || 'TRIGGER ' || pg_catalog.quote_ident(v_item.tgname);
        v_def := pg_catalog.substr(v_def, pg_catalog.length(v_head) + 1);
        execute v_head
             || overlay(v_def placing ' ON ' || v_part || ' '
                        from pg_catalog.strpos(v_def, ' ON ' || v_parent || ' ')
                        for pg_catalog.length(' ON ' || v_parent || ' '));
        if v_item.tgenabled <> 'O' then
            execute 'alter table ' || v_part || ' '
                 || case v_item.tgenabled when 'D' then 'disable' when 'R' then 'enable replica' else 'enable always' end
                 || ' trigger ' || pg_catalog.quote_ident(v_item.tgname);
        end if;
    end loop;

    for v_item in
        select r.oid, r.rulename, r.ev_enabled
          from pg_catalog.pg_rewrite r
         where r.ev_class = v_parent_oid
           and r.rulename <> '_RETURN'
         order by r.rulename
    loop
        v_def := pg_catalog.pg_get_ruledef(v_item.oid);
        v_head := 'CREATE RULE ' || pg_catalog.quote_ident(v_item.rulename);
        v_def := pg_catalog.substr(v_def, pg_catalog.length(v_head) + 1);
        execute v_head
             || overlay(v_def placing ' TO ' || v_part
                        from pg_catalog.strpos(v_def, ' TO ' || v_parent)
                        for pg_catalog.length(' TO ' || v_parent));
        if v_item.ev_enabled <> 'O' then
            execute 'alter table ' || v_part || ' '
                 || case v_item.ev_enabled when 'D' then 'disable' when 'R' then 'enable replica' else 'enable always' end
                 || ' rule ' || pg_catalog.quote_ident(v_item.rulename);
        end if;
    end loop;

    return 1;
end;
$$;
