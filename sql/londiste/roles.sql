-- Roles of schema londiste. They belong to the whole server, so they may be there already, or appear while this
-- runs in another database.

do $$
declare
    v_role text;
    v_group text;
begin
    for v_role, v_group in
        values ('londiste_reader', 'pgq_reader'), ('londiste_writer', 'pgq_admin')
    loop
        if not exists (select from pg_catalog.pg_roles r where r.rolname = v_role) then
            begin
                execute pg_catalog.format('create role %I', v_role);
            exception
                when duplicate_object or unique_violation then
                    null;
                when insufficient_privilege then
                    raise exception 'may not create the role %', v_role
                          using errcode = 'insufficient_privilege',
                                hint = 'An administrator can run: '
                                    || 'create role londiste_reader; create role londiste_writer; '
                                    || 'grant pgq_reader to londiste_reader; grant pgq_admin to londiste_writer;';
            end;
        end if;

        if not exists (
            select
              from pg_catalog.pg_auth_members m
              join pg_catalog.pg_roles r on r.oid = m.member
              join pg_catalog.pg_roles g on g.oid = m.roleid
             where r.rolname = v_role
               and g.rolname = v_group)
        then
            begin
                execute pg_catalog.format('grant %I to %I', v_group, v_role);
            exception
                when unique_violation then
                    null;
                when insufficient_privilege then
                    raise exception 'may not grant the role % to %', v_group, v_role
                          using errcode = 'insufficient_privilege',
                                hint = pg_catalog.format('An administrator can run: grant %I to %I;', v_group, v_role);
            end;
        end if;
    end loop;
end;
$$;
