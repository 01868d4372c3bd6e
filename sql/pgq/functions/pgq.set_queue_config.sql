-- pgq.set_queue_config: changes one setting of a queue.
-- Parameters: x_queue_name - queue; x_param_name - setting, without the prefix "queue_"; x_param_value - new value as text.
-- Returns: 1; error when queue or setting is unknown, or the value does not fit its type.
-- Tables written: pgq.queue.
create or replace function pgq.set_queue_config(x_queue_name text, x_param_name text, x_param_value text)
returns integer as $$
declare
    v_settings constant pg_catalog.text[] := array['ticker_max_count', 'ticker_max_lag', 'ticker_idle_period',
                                                   'ticker_paused', 'rotation_period', 'external_ticker'];
    v_count integer;
begin
    if x_queue_name is null or x_param_name is null or x_param_value is null then
        raise exception 'pgq.set_queue_config() needs a queue, a setting and a value: one of them is NULL'
            using errcode = 'null_value_not_allowed';
    end if;
    if not exists (select 1 from pgq.queue q where q.queue_name operator(pg_catalog.=) x_queue_name) then
        raise exception 'queue "%" does not exist: setting "%" cannot be changed', x_queue_name, x_param_name
            using errcode = 'undefined_object';
    end if;
    if not x_param_name operator(pg_catalog.=) any (v_settings) then
        raise exception 'setting "%" of queue "%" cannot be changed', x_param_name, x_queue_name
            using errcode = 'invalid_parameter_value',
                  hint = 'Settings are: ' operator(pg_catalog.||) pg_catalog.array_to_string(v_settings, ', ') operator(pg_catalog.||) '.';
    end if;

    execute pg_catalog.format('update pgq.queue set %I = %L where queue_name operator(pg_catalog.=) $1',
                              'queue_' operator(pg_catalog.||) x_param_name, x_param_value)
      using x_queue_name;
    get diagnostics v_count = row_count;
    return v_count;
end;
$$ language plpgsql security definer;
