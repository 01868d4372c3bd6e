-- pgq.maint_rotate_tables_step1: empties the oldest event table of a queue and makes it the current one, when the rotation
-- period is over and no consumer needs it.
-- Parameters: i_queue_name - queue.
-- Returns: 0; error when transaction ids went backwards, or a consumer stands at a tick that is gone.
-- Tables written: pgq.queue, pgq.tick; the event table is truncated.
create or replace function pgq.maint_rotate_tables_step1(i_queue_name text)
returns integer as $$
declare
    v_queue pgq.queue;
    v_now_txid bigint;
    v_lowest bigint;
    v_lowest_xmin bigint;
    v_next integer;
    v_table pg_catalog.text;
begin
    select q.* into v_queue
      from pgq.queue q
     where q.queue_name operator(pg_catalog.=) i_queue_name
       and q.queue_rotation_period is not null
       and q.queue_switch_step2 is not null
       and (q.queue_switch_time operator(pg_catalog.+) q.queue_rotation_period) operator(pg_catalog.<) pg_catalog.now()
       for update;
    if not found then
        return 0;
    end if;

    v_now_txid := pg_catalog.txid_current();
    if v_now_txid operator(pg_catalog.<) v_queue.queue_switch_step1 then
        raise exception 'queue "%" was rotated in the future: transaction %, the server is at %',
                i_queue_name, v_queue.queue_switch_step1, v_now_txid
            using errcode = 'data_corrupted',
                  hint = 'The queue was restored into a server with lower transaction ids: drop and create it anew.';
    end if;

    select pg_catalog.min(s.sub_last_tick) into v_lowest
      from pgq.subscription s
     where s.sub_queue operator(pg_catalog.=) v_queue.queue_id;
    if v_lowest is not null then
        select pg_catalog.txid_snapshot_xmin(t.tick_snapshot) into v_lowest_xmin
          from pgq.tick t
         where t.tick_queue operator(pg_catalog.=) v_queue.queue_id
           and t.tick_id operator(pg_catalog.=) v_lowest;
        if not found then
            raise exception 'queue "%" has a consumer at tick %, and that tick is gone', i_queue_name, v_lowest
                using errcode = 'data_corrupted',
                      hint = 'Move the consumer with pgq.register_consumer_at(), or unregister it.';
        end if;
        -- Somebody still reads from before the last switch, that is from the table before the current one.
        if v_lowest_xmin operator(pg_catalog.<=) v_queue.queue_switch_step2 then
            return 0;
        end if;
    end if;

    v_next := (v_queue.queue_cur_table operator(pg_catalog.+) 1) operator(pg_catalog.%) v_queue.queue_ntables;
    v_table := pgq.quote_fqname(v_queue.queue_data_pfx operator(pg_catalog.||) '_' operator(pg_catalog.||) v_next::pg_catalog.text);
    begin
        execute 'lock table ' operator(pg_catalog.||) v_table operator(pg_catalog.||) ' in access exclusive mode nowait';
    exception when lock_not_available then
        -- Somebody is reading or dumping it. The next round tries again.
        return 0;
    end;
    execute 'truncate table ' operator(pg_catalog.||) v_table;

    update pgq.queue
       set queue_cur_table = v_next,
           queue_switch_time = pg_catalog.now(),
           queue_switch_step1 = v_now_txid,
           queue_switch_step2 = null
     where queue_id operator(pg_catalog.=) v_queue.queue_id;
    delete from pgq.tick t
     where t.tick_queue operator(pg_catalog.=) v_queue.queue_id
       and pg_catalog.txid_snapshot_xmin(t.tick_snapshot) operator(pg_catalog.<) v_queue.queue_switch_step2;
    return 0;
end;
$$ language plpgsql;
