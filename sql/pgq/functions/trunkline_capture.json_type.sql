-- trunkline_capture.json_type: builds the type of an event in JSON format.
-- Parameters: i_operation - INSERT, UPDATE, DELETE or TRUNCATE; i_schema, i_table - table; i_keys - key columns.
-- Returns: JSON text.
-- Tables written: none.
create or replace function trunkline_capture.json_type(i_operation text, i_schema text, i_table text, i_keys text[])
returns text as $$
begin
    return '{"op":"' operator(pg_catalog.||) i_operation operator(pg_catalog.||) '","table":'
        operator(pg_catalog.||) pg_catalog.array_to_json(array[i_schema, i_table])::pg_catalog.text
        operator(pg_catalog.||) ',"pkey":' operator(pg_catalog.||) pg_catalog.array_to_json(i_keys)::pg_catalog.text operator(pg_catalog.||) '}';
end;
$$ language plpgsql immutable;
