-- londiste.set_session_replication_role(val, is_local)
--
-- Lets londiste_writer change the role of its session, where whoever installed this may.
--
-- Parameters:
--   val       origin, replica or local
--   is_local  true for this transaction only
-- Returns: nothing.
-- Tables written: none.
create function londiste.set_session_replication_role(val text, is_local boolean)
returns void
language plpgsql
security definer
as $$
begin
    -- This runs with the rights of the installer, so it takes no operator from the caller's search path.
    if val operator(pg_catalog.=) 'origin' then
        perform pg_catalog.set_config('session_replication_role', 'origin', is_local);
    elsif val operator(pg_catalog.=) 'replica' then
        perform pg_catalog.set_config('session_replication_role', 'replica', is_local);
    elsif val operator(pg_catalog.=) 'local' then
        perform pg_catalog.set_config('session_replication_role', 'local', is_local);
    else
        raise exception 'bad value for session_replication_role';
    end if;
end;
$$;
