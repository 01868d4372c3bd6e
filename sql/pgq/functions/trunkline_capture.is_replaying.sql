-- trunkline_capture.is_replaying: does this session bring changes that were captured elsewhere? A worker that may not set
-- session_replication_role says so by a setting of its own, which counts only for who may change a queue anyway.
-- Parameters: none.
-- Returns: true or false.
-- Tables written: none.
create or replace function trunkline_capture.is_replaying()
returns boolean as $$
    select coalesce(pg_catalog.current_setting('trunkline.replays', true), '') operator(pg_catalog.<>) ''
       and pg_catalog.pg_has_role(session_user, 'pgq_admin', 'member');
$$ language sql stable;
