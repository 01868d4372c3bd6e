-- trunkline_capture.require_sight: refuses to capture a change by columns that the table has no more.
-- Parameters: i_table - table.
-- Returns: nothing; an error of the kind that applications at repeatable read and above try again after.
-- Tables written: none.
create or replace function trunkline_capture.require_sight(i_table oid)
returns void as $$
begin
    if not trunkline_capture.sees_table(i_table) then
        raise exception 'could not serialize access: table % was altered after this transaction began', i_table::pg_catalog.regclass
            using errcode = 'serialization_failure', hint = 'Try the transaction again.';
    end if;
end;
$$ language plpgsql stable;
