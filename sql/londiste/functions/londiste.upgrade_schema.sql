-- londiste.upgrade_schema()
--
-- Hook of the original extension that brings older tables up to date. Here upgrades are scripts of their own,
-- so there is never anything to do.
--
-- Returns: number of changes made, always 0.
-- Tables written: none.
create function londiste.upgrade_schema()
returns integer
language plpgsql
as $$
begin
    return 0;
end;
$$;
