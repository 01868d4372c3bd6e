-- trunkline_capture.capture_each: stores the result of a query in the current event table, by a statement for each of them.
-- Which one it is may have changed since the first look, but not after the statement has locked its table: a transaction that
-- begins to write after a rotation was completed sees it.
-- Parameters: i_queue - row of the queue; i_query - from capture_query, which ends with a condition.
-- Returns: PL/pgSQL, after which FOUND tells whether events were stored.
-- Tables written: none.
create or replace function trunkline_capture.capture_each(i_queue pgq.queue, i_query text)
returns text as $$
    select pg_catalog.string_agg(
               pg_catalog.format(
                   E'    %1$s trunkline_capture.current_%2$s() operator(pg_catalog.=) %3$s then\n'
                   '        insert into %4$s (ev_time, ev_type, ev_data, ev_extra1)\n'
                   '        %5$s and trunkline_capture.current_%2$s() operator(pg_catalog.=) %3$s;\n',
                   case t.place when 0 then 'if' else 'elsif' end, i_queue.queue_id, t.place,
                   pgq.quote_fqname(pg_catalog.format('%s_%s', i_queue.queue_data_pfx, t.place)),
                   i_query),
               '' order by t.place) operator(pg_catalog.||) E'    end if;\n'
      from pg_catalog.generate_series(0, i_queue.queue_ntables operator(pg_catalog.-) 1) t(place);
$$ language sql immutable;
