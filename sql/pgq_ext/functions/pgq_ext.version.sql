-- pgq_ext.version: tells which version of the interface this schema offers.
-- Parameters: none.
-- Returns: version text.
-- Tables written: none.
create or replace function pgq_ext.version()
returns text as $$
begin
    return '3.1';
end;
$$ language plpgsql;
