-- trunkline_capture.row_data: renders all columns of a row.
-- Parameters: i_format - url or json; i_columns, i_types, i_left_out, i_values - the columns by place: name, type, whether the
-- column stays out, output text; i_row - the row itself.
-- Returns: url-encoded row or JSON object.
-- Tables written: none.
create or replace function trunkline_capture.row_data(
    i_format text, i_columns text[], i_types oid[], i_left_out boolean[], i_values text[], i_row record)
returns text as $$
declare
    v_json pg_catalog.json;
begin
    if i_format operator(pg_catalog.<>) 'json' then
        return coalesce((
            select pg_catalog.string_agg(
                       trunkline_capture.urlencode(c.name) operator(pg_catalog.||) coalesce('=' operator(pg_catalog.||) trunkline_capture.urlencode(c.value), ''),
                       '&' order by c.place)
              from rows from (pg_catalog.unnest(i_columns), pg_catalog.unnest(i_left_out), pg_catalog.unnest(i_values)) with ordinality c(name, left_out, value, place)
             where not c.left_out), '');
    end if;

    -- Dates and times are written in ISO 8601 whatever DateStyle says: 1082 date, 1114 timestamp, 1184 timestamptz.
    if i_types operator(pg_catalog.&&) array[1082, 1114, 1184]::pg_catalog.oid[] then
        v_json := pg_catalog.row_to_json(i_row);
    end if;
    return '{' operator(pg_catalog.||) coalesce((
        select pg_catalog.string_agg(
                   pg_catalog.to_json(c.name)::pg_catalog.text operator(pg_catalog.||) ':'
                   operator(pg_catalog.||) case when c.value is null then 'null'
                           -- 16 boolean; 20, 21, 23 the integers; domains over them count as text
                           when c.type operator(pg_catalog.=) 16::pg_catalog.oid then case when c.value operator(pg_catalog.=) 't' then 'true' else 'false' end
                           when c.type operator(pg_catalog.=) any (array[20, 21, 23]::pg_catalog.oid[]) then c.value
                           when c.type operator(pg_catalog.=) any (array[1082, 1114, 1184]::pg_catalog.oid[])
                                then (v_json operator(pg_catalog.->) c.name)::pg_catalog.text
                           else pg_catalog.to_json(c.value)::pg_catalog.text
                      end, ',' order by c.place)
          from rows from (pg_catalog.unnest(i_columns), pg_catalog.unnest(i_types), pg_catalog.unnest(i_left_out), pg_catalog.unnest(i_values)) with ordinality c(name, type, left_out, value, place)
         where not c.left_out), '') operator(pg_catalog.||) '}';
end;
$$ language plpgsql stable;
