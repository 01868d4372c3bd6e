-- pgq.version: tells which version of the queue interface this schema offers.
-- Parameters: none.
-- Returns: version text; pgqd takes care of a database only if it starts with 3 or more.
-- Tables written: none.
create or replace function pgq.version()
returns text as $$
begin
    return '3.5';
end;
$$ language plpgsql;
