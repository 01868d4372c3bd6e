-- Who may use what: pgq_reader consumes, pgq_writer produces, pgq_admin does everything, everybody may look at the state.

grant usage on schema pgq to public;
grant usage on schema trunkline_capture to public;

grant select on pgq.consumer, pgq.queue, pgq.subscription, pgq.tick to public;
grant delete, insert, select, update on pgq.consumer, pgq.queue, pgq.retry_queue, pgq.subscription, pgq.tick to pgq_admin;
grant insert, select, truncate on pgq.event_template to pgq_admin;
grant select on pgq.consumer, pgq.event_template, pgq.queue, pgq.subscription, pgq.tick to pgq_reader;

-- A function is open to everybody when it is made; these are not.
revoke execute on all functions in schema pgq, trunkline_capture from public;

grant execute on function
    pgq.get_consumer_info(),
    pgq.get_consumer_info(text),
    pgq.get_consumer_info(text, text),
    pgq.get_queue_info(),
    pgq.get_queue_info(text),
    pgq.quote_fqname(text),
    pgq.seq_getval(text),
    pgq.version()
    to public;

grant execute on function
    pgq.batch_event_sql(bigint),
    pgq.batch_event_tables(bigint),
    pgq.batch_retry(bigint, integer),
    pgq.event_retry(bigint, bigint, integer),
    pgq.event_retry(bigint, bigint, timestamp with time zone),
    pgq.find_tick_helper(integer, bigint, timestamp with time zone, bigint, bigint, interval),
    pgq.finish_batch(bigint),
    pgq.force_tick(text),
    pgq.get_batch_cursor(bigint, text, integer),
    pgq.get_batch_cursor(bigint, text, integer, text),
    pgq.get_batch_events(bigint),
    pgq.get_batch_info(bigint),
    pgq.next_batch(text, text),
    pgq.next_batch_custom(text, text, interval, integer, interval),
    pgq.next_batch_info(text, text),
    pgq.register_consumer(text, text),
    pgq.register_consumer_at(text, text, bigint),
    pgq.unregister_consumer(text, text)
    to pgq_reader;

grant execute on function
    pgq.current_event_table(text),
    pgq.insert_event(text, text, text),
    pgq.insert_event(text, text, text, text, text, text, text),
    pgq.jsontriga(),
    pgq.logutriga(),
    pgq.sqltriga()
    to pgq_writer;

grant execute on function
    pgq._grant_perms_from(text, text, text, text),
    pgq.create_queue(text),
    pgq.drop_queue(text),
    pgq.drop_queue(text, boolean),
    pgq.event_retry_raw(text, text, timestamp with time zone, bigint, timestamp with time zone, integer, text, text, text, text, text, text),
    pgq.grant_perms(text),
    pgq.insert_event_raw(text, bigint, timestamp with time zone, integer, integer, text, text, text, text, text, text),
    pgq.maint_operations(),
    pgq.maint_retry_events(),
    pgq.maint_rotate_tables_step1(text),
    pgq.maint_rotate_tables_step2(),
    pgq.maint_tables_to_vacuum(),
    pgq.seq_setval(text, bigint),
    pgq.set_queue_config(text, text, text),
    pgq.ticker(),
    pgq.ticker(text),
    pgq.ticker(text, bigint, timestamp with time zone, bigint),
    pgq.tune_storage(text),
    pgq.upgrade_schema()
    to pgq_admin;

grant execute on all functions in schema trunkline_capture to pgq_writer, pgq_admin;
