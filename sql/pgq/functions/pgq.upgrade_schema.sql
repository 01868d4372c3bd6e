-- pgq.upgrade_schema: brings tables of an older release to the current structure.
-- Parameters: none.
-- Returns: number of changes made; 0 when the structure is current, which an installation of this release always is.
-- Tables written: none.
create or replace function pgq.upgrade_schema()
returns integer as $$
begin
    return 0;
end;
$$ language plpgsql;
