-- pgq_node.version()
--
-- Release of schema pgq_node that this SQL corresponds to.
--
-- Returns: the version as text.
-- Tables written: none.
create function pgq_node.version()
returns text
language plpgsql
as $$
begin
    return '3.5';
end;
$$;
