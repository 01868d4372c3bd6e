-- trunkline_capture.refuse_key: refuses an update that changes a key which is not checked at each row.
-- Parameters: i_schema, i_table - table.
-- Returns: nothing but an error.
-- Tables written: none.
create or replace function trunkline_capture.refuse_key(i_schema text, i_table text)
returns boolean as $$
begin
    raise exception 'table "%.%": an update changes its deferrable key, which replication does not allow', i_schema, i_table
        using errcode = 'feature_not_supported', hint = 'Delete the row and insert it anew.';
end;
$$ language plpgsql;
