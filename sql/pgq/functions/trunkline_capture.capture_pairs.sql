-- trunkline_capture.capture_pairs: the query that makes events of an UPDATE that may have changed keys. The server keeps old
-- and new rows in the order in which they were changed, so that the one at the same place belongs to the other.
-- Parameters: i_table - table; i_name - its name in the events.
-- Returns: SQL of a query with the columns ev_time, ev_type, ev_data, ev_extra1.
-- Tables written: none.
create or replace function trunkline_capture.capture_pairs(i_table oid, i_name text)
returns text as $$
declare
    v_facts pg_catalog.record;
    v_json pg_catalog.text;
begin
    select f.* into v_facts from trunkline_capture.table_facts(i_table) f;
    v_json := case
        when v_facts.o_plain then 'pg_catalog.row_to_json(n.*)::pg_catalog.text'
        else pg_catalog.format('(select pg_catalog.row_to_json(r.*)::pg_catalog.text from (select %s) r)', v_facts.o_columns)
    end;
    return pg_catalog.format(
        'select pg_catalog.now(),'
        ' case when c.same then %1$L when c.part operator(pg_catalog.=) 1 then %2$L else %3$L end,'
        ' case when c.part operator(pg_catalog.=) 1 then c.old_data else c.new_data end, %4$L'
        ' from (select o.place, p.part, o.data as old_data, n.data as new_data, %7$s as same'
        ' from (select pg_catalog.row_number() over () as place, %5$s as data, %6$s as key from trunkline_old n) o'
        ' join (select pg_catalog.row_number() over () as place, %5$s as data, %6$s as key from trunkline_new n) n'
        ' on n.place operator(pg_catalog.=) o.place'
        ' cross join (values (1), (2)) p (part)) c'
        ' where c.part operator(pg_catalog.=) 2 or not c.same'
        ' order by c.place, c.part',
        trunkline_capture.json_type('UPDATE', v_facts.o_schema, v_facts.o_table, v_facts.o_keys),
        trunkline_capture.json_type('DELETE', v_facts.o_schema, v_facts.o_table, v_facts.o_keys),
        trunkline_capture.json_type('INSERT', v_facts.o_schema, v_facts.o_table, v_facts.o_keys),
        i_name, v_json, v_facts.o_key,
        -- Where keys are checked at the end of a statement or later, two rows may have one key for a while, and no order
        -- of single changes tells that.
        case when v_facts.o_immediate then '(n.key operator(pg_catalog.=) o.key)'
             else pg_catalog.format('(n.key operator(pg_catalog.=) o.key or trunkline_capture.refuse_key(%L, %L))',
                                    v_facts.o_schema, v_facts.o_table) end);
end;
$$ language plpgsql;
