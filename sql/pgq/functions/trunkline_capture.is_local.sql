-- trunkline_capture.is_local: is session_replication_role 'local', so that triggers fire and nothing is captured? It counts as
-- immutable, so that the server asks it when it plans a statement and not when it runs one: a change of that setting has it
-- plan all statements anew, as rules depend on it.
-- Parameters: none.
-- Returns: true or false.
-- Tables written: none.
create or replace function trunkline_capture.is_local()
returns boolean as $$
    select pg_catalog.current_setting('session_replication_role') operator(pg_catalog.=) 'local';
$$ language sql immutable;
