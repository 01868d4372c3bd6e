-- trunkline_capture.capture_each: stores the result of a query in the current event table, by a statement for each of them.
-- Which one it is may have changed since the first look, but not after the statement has locked its table: a transaction that
-- begins to write after a rotation was completed sees it.
-- Parameters: i_queue - row of the queue; i_condition - whether at all, asked before the query; i_query - from capture_query,
-- which ends with a condition; i_end - PL/pgSQL that follows each statement.
-- Returns: PL/pgSQL, after which FOUND tells whether events were stored.
-- Tables written: none.
create or replace function trunkline_capture.capture_each(i_queue pgq.queue, i_condition text, i_query text, i_end text)
returns text as $$
    select pg_catalog.string_agg(
               pg_catalog.format(
                   E'    %1$s trunkline_capture.current_%2$s() operator(pg_catalog.=) %3$s and %6$s then\n'
                   '        insert into %4$s (ev_time, ev_type, ev_data, ev_extra1)\n'
                   '        %5$s and trunkline_capture.current_%2$s() operator(pg_catalog.=) %3$s;\n%7$s',
                   case t.place when 0 then 'if' else 'elsif' end, i_queue.queue_id, t.place,
                   pgq.quote_fqname(pg_catalog.format('%s_%s', i_queue.queue_data_pfx, t.place)),
                   i_query, i_condition, i_end),
               '' order by t.place) operator(pg_catalog.||) E'    end if;\n'
      from pg_catalog.generate_series(0, i_queue.queue_ntables operator(pg_catalog.-) 1) t(place);
$$ language sql immutable;
