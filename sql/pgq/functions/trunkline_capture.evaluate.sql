-- trunkline_capture.evaluate: evaluates an ev_...= argument of a logging trigger.
-- Parameters: i_expression - SQL expression over the columns of a row; i_row - the row.
-- Returns: output text of the result, NULL for null.
-- Tables written: none.
create or replace function trunkline_capture.evaluate(i_expression text, i_row record)
returns text as $$
declare
    v_result pg_catalog.text;
begin
    execute 'select case when pg_catalog.num_nulls(x.result) operator(pg_catalog.=) 0 then pg_catalog.concat(x.result) end'
         operator(pg_catalog.||) ' from (select (' operator(pg_catalog.||) i_expression operator(pg_catalog.||) E'\n) as result from (select ($1).*) changed_row) x'
       into v_result
      using i_row;
    return v_result;
end;
$$ language plpgsql;
