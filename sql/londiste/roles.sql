-- Roles of schema londiste. They belong to the whole server, so they may be there already, or appear while this
-- runs in another database.

do $$
declare
    v_role text;
    v_group text;
    v_todo text;
begin
    -- For the administrator, should the installing user not be allowed to.
    select pg_catalog.string_agg(
               pg_catalog.concat(
                   case when r.oid is null then pg_catalog.format('create role %I; ', w.role_name) end,
                   pg_catalog.format('grant %I to %I;', w.group_name, w.role_name)),
               ' ' order by w.role_name)
      into v_todo
      from (values ('londiste_reader', 'pgq_reader'), ('londiste_writer', 'pgq_admin')) w(role_name, group_name)
      left join pg_catalog.pg_roles r
        on r.rolname operator(pg_catalog.=) w.role_name
      left join pg_catalog.pg_roles g
        on g.rolname operator(pg_catalog.=) w.group_name
     where not exists (
               select
                 from pg_catalog.pg_auth_members m
                where m.member operator(pg_catalog.=) r.oid
                  and m.roleid operator(pg_catalog.=) g.oid);

    for v_role, v_group in
        values ('londiste_reader', 'pgq_reader'), ('londiste_writer', 'pgq_admin')
    loop
        perform 1
           from pg_catalog.pg_roles r
          where r.rolname operator(pg_catalog.=) v_role;
        if not found then
            begin
                execute pg_catalog.format('create role %I', v_role);
            exception
                when duplicate_object or unique_violation then
                    null;
                when insufficient_privilege then
                    raise exception 'role "%" does not exist, and user "%" may not create roles', v_role, current_user
                          using errcode = 'insufficient_privilege',
                                hint = pg_catalog.format('Ask an administrator to run: %s', v_todo);
            end;
        end if;

        perform 1
           from pg_catalog.pg_auth_members m
           join pg_catalog.pg_roles r
             on r.oid operator(pg_catalog.=) m.member
           join pg_catalog.pg_roles g
             on g.oid operator(pg_catalog.=) m.roleid
          where r.rolname operator(pg_catalog.=) v_role
            and g.rolname operator(pg_catalog.=) v_group;
        if not found then
            begin
                execute pg_catalog.format('grant %I to %I', v_group, v_role);
            exception
                when unique_violation then
                    null;
                when insufficient_privilege then
                    raise exception 'role "%" is no member of "%", and user "%" may not grant it',
                                    v_role, v_group, current_user
                          using errcode = 'insufficient_privilege',
                                hint = pg_catalog.format('Ask an administrator to run: %s', v_todo);
            end;
        end if;
    end loop;
end;
$$;
