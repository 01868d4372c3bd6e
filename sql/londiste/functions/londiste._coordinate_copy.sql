-- londiste._coordinate_copy(i_queue_name, i_table_name)
--
-- What a table's first copy has to mind when several queues are merged into the same table. One of them leads: it
-- takes the structure down, and brings it back when the others have copied.
--
-- Parameters:
--   i_queue_name  name of the queue
--   i_table_name  registered table
-- Returns: copy_role NULL to go on; lead; wait-copy: do not begin; wait-replay: copy, leave the structure alone,
--   and do not replay yet. copy_pos: how many queues with lower names are copying. No role for an unknown table.
-- Tables written: none.
create function londiste._coordinate_copy(
    in i_queue_name text,
    in i_table_name text,
    out copy_role text,
    out copy_pos integer)
returns record
language plpgsql
stable
strict
as $$
declare
    v_state text;
    v_dest text;
    v_combined text;
    v_unfinished integer;
    v_lead text;
    v_taken_down boolean;
    v_somebody_copied boolean;
    v_others_to_copy boolean;
begin
    select t.merge_state, coalesce(t.dest_table, t.table_name), n.combined_queue
      into v_state, v_dest, v_combined
      from londiste.table_info t
      join pgq_node.node_info n
        on n.queue_name operator(pg_catalog.=) t.queue_name
     where t.queue_name operator(pg_catalog.=) i_queue_name
       and t.table_name operator(pg_catalog.=) i_table_name;
    if not found then
        return;
    end if;

    copy_pos := 0;
    if v_combined is null or v_state is null
       or v_state operator(pg_catalog.<>) all (array['in-copy', 'catching-up'])
    then
        return;
    end if;

    select pg_catalog.count(*) filter (where s.unfinished)::integer,
           coalesce(pg_catalog.min(t.queue_name) filter (where t.dropped_ddl is not null),
                    pg_catalog.min(t.queue_name) filter (where s.unfinished)),
           pg_catalog.count(t.dropped_ddl) operator(pg_catalog.>) 0,
           coalesce(pg_catalog.bool_or(s.unfinished and not s.to_copy), false),
           coalesce(pg_catalog.bool_or(s.to_copy and t.queue_name operator(pg_catalog.<>) i_queue_name), false)
      into v_unfinished, v_lead, v_taken_down, v_somebody_copied, v_others_to_copy
      from londiste.table_info t
      join pgq_node.node_info n
        on n.queue_name operator(pg_catalog.=) t.queue_name
     cross join lateral (
         select t.merge_state is null or t.merge_state operator(pg_catalog.<>) 'ok',
                t.merge_state is null or t.merge_state operator(pg_catalog.=) 'in-copy'
     ) s(unfinished, to_copy)
     where n.combined_queue operator(pg_catalog.=) v_combined
       and coalesce(t.dest_table, t.table_name) operator(pg_catalog.=) v_dest
       and t.local;
    if v_unfinished operator(pg_catalog.<) 2 then
        return;
    end if;

    if v_lead operator(pg_catalog.=) i_queue_name then
        if v_state operator(pg_catalog.=) 'in-copy' then
            -- Where somebody has copied with the structure in place, it is too late to take it down.
            copy_role := case when v_taken_down or not v_somebody_copied then 'lead' else 'wait-replay' end;
        elsif v_taken_down and v_others_to_copy then
            copy_role := 'wait-replay';
        end if;
        return;
    end if;

    if v_state operator(pg_catalog.=) 'in-copy' then
        select pg_catalog.count(*)::integer
          into copy_pos
          from londiste.table_info t
          join pgq_node.node_info n
            on n.queue_name operator(pg_catalog.=) t.queue_name
         where n.combined_queue operator(pg_catalog.=) v_combined
           and coalesce(t.dest_table, t.table_name) operator(pg_catalog.=) v_dest
           and t.queue_name operator(pg_catalog.<) i_queue_name
           and t.merge_state operator(pg_catalog.=) 'in-copy';
        copy_role := case when v_taken_down or v_somebody_copied then 'wait-replay' else 'wait-copy' end;
    elsif v_taken_down then
        copy_role := 'wait-replay';
    end if;
end;
$$;
