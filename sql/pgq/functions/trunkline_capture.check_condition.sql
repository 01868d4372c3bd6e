-- trunkline_capture.check_condition: evaluates the when= argument of a logging trigger.
-- Parameters: i_condition - boolean SQL expression over the columns of a row; i_row - the row; i_table - table, for errors.
-- Returns: result of the expression; error when it is NULL or not boolean.
-- Tables written: none.
create or replace function trunkline_capture.check_condition(i_condition text, i_row record, i_table text)
returns boolean as $$
declare
    v_text pg_catalog.text;
    v_type pg_catalog.text;
begin
    execute 'select pg_catalog.pg_typeof(x.result)::pg_catalog.text, pg_catalog.concat(x.result)'
         operator(pg_catalog.||) ' from (select (' operator(pg_catalog.||) i_condition operator(pg_catalog.||) E'\n) as result from (select ($1).*) changed_row) x'
       into v_type, v_text
      using i_row;
    if v_type operator(pg_catalog.<>) 'boolean' then
        raise exception 'trigger on table "%": when=% gives %, it must give a boolean', i_table, i_condition, v_type
            using errcode = 'datatype_mismatch';
    end if;
    if v_text operator(pg_catalog.=) '' then
        raise exception 'trigger on table "%": when=% gives NULL, it must give true or false', i_table, i_condition
            using errcode = 'null_value_not_allowed', hint = 'Wrap it in coalesce(..., false).';
    end if;
    return v_text operator(pg_catalog.=) 't';
end;
$$ language plpgsql;
