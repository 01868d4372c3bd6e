-- pgq.jsontriga: trigger that logs the changes of a table into a queue, as JSON objects.
-- Parameters: trigger arguments: queue name, then in any order SKIP, deny, backup, ignore=a,b, pkey=a,b, when=EXPRESSION,
-- ev_type=, ev_data=, ev_extra1= to ev_extra4=EXPRESSION, key_update=split.
-- Returns: the row; NULL with SKIP, so that the change does not happen.
-- Tables written: current event table of the queue.
create or replace function pgq.jsontriga()
returns trigger as $$
begin
    -- Sessions that maintain the data behind the back of replication ask for no events.
    if pg_catalog.current_setting('session_replication_role') operator(pg_catalog.<>) 'local'
       and not trunkline_capture.is_replaying()
       and trunkline_capture.log_change('json', TG_OP, TG_WHEN, TG_LEVEL, TG_RELID, TG_TABLE_SCHEMA, TG_TABLE_NAME,
                                        TG_ARGV, new, old)
    then
        return null;
    end if;
    if TG_OP operator(pg_catalog.=) 'DELETE' then
        return old;
    end if;
    return new;
end;
$$ language plpgsql;
