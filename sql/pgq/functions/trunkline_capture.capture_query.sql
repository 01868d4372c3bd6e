-- trunkline_capture.capture_query: the query that makes events of all rows of a statement, for its triggers to run.
-- Parameters: i_table - table; i_name - its name in the events; i_operation - INSERT, UPDATE or DELETE; i_rows - FROM item
-- with the rows as n; i_condition - which of them.
-- Returns: SQL of a query with the columns ev_time, ev_type, ev_data, ev_extra1.
-- Tables written: none.
create or replace function trunkline_capture.capture_query(
    i_table oid, i_name text, i_operation text, i_rows text, i_condition text)
returns text as $$
declare
    v_facts pg_catalog.record;
    v_type pg_catalog.text;
begin
    select f.* into v_facts from trunkline_capture.table_facts(i_table) f;
    v_type := trunkline_capture.json_type(
        i_operation, v_facts.o_schema, v_facts.o_table, coalesce(v_facts.o_keys, array[]::pg_catalog.text[]));
    if v_facts.o_plain then
        return pg_catalog.format('select pg_catalog.now(), %L, pg_catalog.row_to_json(n.*)::pg_catalog.text, %L from %s where %s',
                                 v_type, i_name, i_rows, i_condition);
    end if;
    return pg_catalog.format('select pg_catalog.now(), %L, pg_catalog.row_to_json(r.*)::pg_catalog.text, %L from (select %s from %s where %s) r where true',
                             v_type, i_name, v_facts.o_columns, i_rows, i_condition);
end;
$$ language plpgsql stable;
