-- Roles of the queue: pgq_reader consumes events, pgq_writer produces them, pgq_admin does everything.
-- Roles belong to the whole server, so they may be there already, or appear at the same moment from an
-- installation into another database.

do $do$
declare
    v_role pg_catalog.text;
    v_membership pg_catalog.text[];
begin
    foreach v_role in array array['pgq_reader', 'pgq_writer', 'pgq_admin'] loop
        if not exists (select 1 from pg_catalog.pg_roles where rolname = v_role) then
            begin
                execute pg_catalog.format('create role %I', v_role);
            exception
                when duplicate_object or unique_violation then
                    null;
                when insufficient_privilege then
                    raise exception 'role "%" does not exist, and user "%" may not create roles', v_role, current_user
                        using errcode = 'insufficient_privilege',
                              hint = 'Ask an administrator to run: create role pgq_reader; create role pgq_writer; '
                                  || 'create role pgq_admin in role pgq_reader, pgq_writer;';
            end;
        end if;
    end loop;

    foreach v_membership slice 1 in array array[['pgq_reader', 'pgq_admin'], ['pgq_writer', 'pgq_admin']] loop
        if not exists (
            select 1
              from pg_catalog.pg_auth_members m
              join pg_catalog.pg_roles parent on parent.oid = m.roleid
              join pg_catalog.pg_roles child on child.oid = m.member
             where parent.rolname = v_membership[1]
               and child.rolname = v_membership[2])
        then
            begin
                execute pg_catalog.format('grant %I to %I', v_membership[1], v_membership[2]);
            exception
                when duplicate_object or unique_violation then
                    null;
                when insufficient_privilege then
                    raise exception 'role "%" is not a member of "%", and user "%" may not make it one',
                            v_membership[2], v_membership[1], current_user
                        using errcode = 'insufficient_privilege',
                              hint = pg_catalog.format('Ask an administrator to run: grant %I to %I;',
                                                       v_membership[1], v_membership[2]);
            end;
        end if;
    end loop;
end;
$do$;
