-- londiste.periodic_maintenance()
--
-- Maintenance job: forgets SQL files that ran more than three months ago.
--
-- Returns: 0, which tells the caller that there is no more to do.
-- Tables written: londiste.applied_execute.
create function londiste.periodic_maintenance()
returns integer
language plpgsql
as $$
begin
    delete from londiste.applied_execute e
     where e.execute_time operator(pg_catalog.<) (pg_catalog.now() operator(pg_catalog.-) '3 months'::interval);
    return 0;
end;
$$;
