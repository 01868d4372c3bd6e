-- pgq.ticker: ends the current stretch of events with a tick; a batch is what lies between two ticks.
-- Parameters: i_queue_name - queue; without it all queues that are neither paused nor ticked from outside.
-- The form with four parameters is for queues ticked from outside: i_tick_id, i_orig_timestamp and i_event_seq are
-- what the provider's tick has, the snapshot is the local one.
-- Returns: tick id, or NULL when no tick is due yet; without a parameter the number of ticks made.
-- Tables written: pgq.tick, trunkline_capture.ticker_guard; sequences of the queue.
create or replace function pgq.ticker(i_queue_name text)
returns bigint as $$
declare
    v_queue pgq.queue;
    v_last pgq.tick;
    v_previous_time pg_catalog.timestamptz;
    v_event_seq bigint;
    v_new_events bigint;
    v_lag interval;
    v_xmax bigint;
    v_tick bigint;
begin
    select q.* into v_queue from pgq.queue q where q.queue_name operator(pg_catalog.=) i_queue_name;
    if not found then
        raise exception 'queue "%" does not exist: it cannot be ticked', i_queue_name
            using errcode = 'undefined_object';
    end if;
    if v_queue.queue_external_ticker then
        raise exception 'queue "%" gets its ticks from outside: the local ticker must leave it alone', i_queue_name
            using errcode = 'object_not_in_prerequisite_state';
    end if;
    if v_queue.queue_ticker_paused then
        raise exception 'the ticker of queue "%" is paused', i_queue_name
            using errcode = 'object_not_in_prerequisite_state',
                  hint = 'Resume it with pgq.set_queue_config(queue, ''ticker_paused'', ''false'').';
    end if;

    -- Held to the end of the transaction: the next ticker of this queue looks only when this tick is visible, so ids and
    -- snapshots grow together. It is no row lock, so it meets neither writers nor rotation nor foreign keys.
    perform pg_catalog.pg_advisory_xact_lock(1885827444, v_queue.queue_id);

    select t.* into v_last
      from pgq.tick t
     where t.tick_queue operator(pg_catalog.=) v_queue.queue_id
     order by t.tick_queue desc, t.tick_id desc
     limit 1;
    v_event_seq := pgq.seq_getval(v_queue.queue_event_seq);

    if v_last.tick_id is not null then
        v_xmax := pg_catalog.txid_snapshot_xmax(pg_catalog.txid_current_snapshot());
        if pg_catalog.txid_snapshot_xmin(v_last.tick_snapshot) operator(pg_catalog.>) v_xmax then
            raise exception 'queue "%" has a tick from the future: tick % starts at transaction %, the server is at %',
                    i_queue_name, v_last.tick_id, pg_catalog.txid_snapshot_xmin(v_last.tick_snapshot), v_xmax
                using errcode = 'data_corrupted',
                      hint = 'The queue was restored into a server with lower transaction ids: drop and create it anew.';
        end if;
        v_new_events := v_event_seq operator(pg_catalog.-) v_last.tick_event_seq;
        if v_new_events operator(pg_catalog.<) 0 then
            raise warning 'queue "%": event sequence % is behind the last tick, which saw %',
                i_queue_name, v_event_seq, v_last.tick_event_seq;
        end if;
        if pg_catalog.txid_snapshot_xmax(v_last.tick_snapshot) operator(pg_catalog.>) v_xmax then
            raise warning 'queue "%": the snapshot of tick % reaches to transaction %, the server is at %',
                i_queue_name, v_last.tick_id, pg_catalog.txid_snapshot_xmax(v_last.tick_snapshot), v_xmax;
        end if;

        v_lag := pg_catalog.now() operator(pg_catalog.-) v_last.tick_time;
        if v_lag operator(pg_catalog.<) '0'::interval then
            -- The clock was put back: by the old time nothing would be due until it is as late again.
            null;
        elsif v_new_events operator(pg_catalog.>) 0 then
            if v_new_events operator(pg_catalog.<) v_queue.queue_ticker_max_count and v_lag operator(pg_catalog.<) v_queue.queue_ticker_max_lag then
                return null;
            end if;
        else
            -- Idle: the gap doubles with each tick until it reaches the idle period.
            select t.tick_time into v_previous_time
              from pgq.tick t
             where t.tick_queue operator(pg_catalog.=) v_queue.queue_id
               and t.tick_id operator(pg_catalog.<) v_last.tick_id
             order by t.tick_queue desc, t.tick_id desc
             limit 1;
            if found
               and (v_lag operator(pg_catalog.<) (v_queue.queue_ticker_max_lag operator(pg_catalog./) 2::double precision)
                    or (v_lag operator(pg_catalog.<) ((v_last.tick_time operator(pg_catalog.-) v_previous_time) operator(pg_catalog.*) 2::double precision)
                        and v_lag operator(pg_catalog.<) v_queue.queue_ticker_idle_period))
            then
                return null;
            end if;
        end if;
    end if;

    v_tick := pg_catalog.nextval(v_queue.queue_tick_seq::pg_catalog.regclass);
    begin
        insert into trunkline_capture.ticker_guard as g (queue_id, last_tick)
        values (v_queue.queue_id, v_tick)
            on conflict (queue_id) do update set last_tick = excluded.last_tick;
    exception when serialization_failure then
        raise exception 'queue "%" got a newer tick after this transaction took its snapshot', i_queue_name
            using errcode = 'serialization_failure',
                  hint = 'A tick with the older snapshot would break the order of ticks. Run the transaction again.';
    end;
    insert into pgq.tick (tick_queue, tick_id, tick_event_seq)
    values (v_queue.queue_id, v_tick, v_event_seq);
    return v_tick;
end;
$$ language plpgsql security definer;

create or replace function pgq.ticker(
    i_queue_name text, i_tick_id bigint, i_orig_timestamp timestamptz, i_event_seq bigint)
returns bigint as $$
declare
    v_queue pg_catalog.record;
begin
    select q.queue_id, q.queue_tick_seq, q.queue_event_seq, q.queue_external_ticker, q.queue_ticker_paused
      into v_queue
      from pgq.queue q
     where q.queue_name operator(pg_catalog.=) i_queue_name;
    if not found then
        raise exception 'queue "%" does not exist: tick % cannot be stored', i_queue_name, i_tick_id
            using errcode = 'undefined_object';
    end if;
    if not v_queue.queue_external_ticker or v_queue.queue_ticker_paused then
        raise exception 'queue "%" does not take ticks from outside: external_ticker is %, ticker_paused is %',
                i_queue_name, v_queue.queue_external_ticker, v_queue.queue_ticker_paused
            using errcode = 'object_not_in_prerequisite_state';
    end if;

    perform pg_catalog.pg_advisory_xact_lock(1885827444, v_queue.queue_id);
    insert into pgq.tick (tick_queue, tick_id, tick_time, tick_event_seq)
    values (v_queue.queue_id, i_tick_id, i_orig_timestamp, i_event_seq);
    perform pgq.seq_setval(v_queue.queue_tick_seq, i_tick_id);
    perform pgq.seq_setval(v_queue.queue_event_seq, i_event_seq);
    return i_tick_id;
end;
$$ language plpgsql security definer;

create or replace function pgq.ticker()
returns bigint as $$
declare
    v_queue pg_catalog.record;
    v_count bigint := 0;
begin
    for v_queue in
        select q.queue_id, q.queue_name
          from pgq.queue q
         where not q.queue_external_ticker
           and not q.queue_ticker_paused
         order by q.queue_name
    loop
        -- Where another session is ticking this queue right now, the other queues need not wait for it.
        if pg_catalog.pg_try_advisory_xact_lock(1885827444, v_queue.queue_id)
           and pgq.ticker(v_queue.queue_name) is not null
        then
            v_count := v_count operator(pg_catalog.+) 1::bigint;
        end if;
    end loop;
    return v_count;
end;
$$ language plpgsql security definer;
