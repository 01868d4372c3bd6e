-- londiste.version()
--
-- Release of schema londiste that this SQL corresponds to.
--
-- Returns: the version as text.
-- Tables written: none.
create function londiste.version()
returns text
language plpgsql
as $$
begin
    return '3.8';
end;
$$;
