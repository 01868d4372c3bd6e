-- Who may do what in schema pgq_node. The roles come with schema pgq.

grant select on pgq_node.node_location, pgq_node.node_info, pgq_node.local_state, pgq_node.subscriber_info
    to pgq_reader, pgq_writer;
grant select, insert, update, delete
    on pgq_node.node_location, pgq_node.node_info, pgq_node.local_state, pgq_node.subscriber_info
    to pgq_admin;

revoke execute on all functions in schema pgq_node from public;

grant execute on function pgq_node.version() to public;
grant execute on function pgq_node.is_root_node(text) to public;
grant execute on function pgq_node.is_leaf_node(text) to public;

-- What a worker calls on its provider.
grant execute on function pgq_node.get_node_info(text) to pgq_reader, pgq_writer;
grant execute on function pgq_node.get_queue_locations(text) to pgq_reader, pgq_writer;
grant execute on function pgq_node.get_subscriber_info(text) to pgq_reader, pgq_writer;
grant execute on function pgq_node.get_consumer_info(text) to pgq_reader, pgq_writer;
grant execute on function pgq_node.get_consumer_state(text, text) to pgq_reader, pgq_writer;
grant execute on function pgq_node.register_subscriber(text, text, text, bigint) to pgq_reader, pgq_writer;
grant execute on function pgq_node.unregister_subscriber(text, text) to pgq_reader, pgq_writer;
grant execute on function pgq_node.set_subscriber_watermark(text, text, bigint) to pgq_reader, pgq_writer;

-- What a plain cascaded consumer calls on its own node.
grant execute on function pgq_node.register_consumer(text, text, text, bigint) to pgq_writer;
grant execute on function pgq_node.unregister_consumer(text, text) to pgq_writer;
grant execute on function pgq_node.change_consumer_provider(text, text, text) to pgq_writer;
grant execute on function pgq_node.set_consumer_paused(text, text, boolean) to pgq_writer;
grant execute on function pgq_node.set_consumer_uptodate(text, text, boolean) to pgq_writer;
grant execute on function pgq_node.set_consumer_completed(text, text, bigint) to pgq_writer;
grant execute on function pgq_node.set_consumer_error(text, text, text) to pgq_writer;

-- pgq_admin is named for every function but those of everybody, although it inherits the grants above.
grant execute on function
    pgq_node.upgrade_schema(),
    pgq_node.create_node(text, text, text, text, text, bigint, text),
    pgq_node.drop_node(text, text),
    pgq_node.register_location(text, text, text, boolean),
    pgq_node.unregister_location(text, text),
    pgq_node.get_queue_locations(text),
    pgq_node.get_node_info(text),
    pgq_node.get_worker_state(text),
    pgq_node.set_node_attrs(text, text),
    pgq_node.demote_root(text, integer, text),
    pgq_node.promote_branch(text),
    pgq_node.register_subscriber(text, text, text, bigint),
    pgq_node.unregister_subscriber(text, text),
    pgq_node.get_subscriber_info(text),
    pgq_node.set_subscriber_watermark(text, text, bigint),
    pgq_node.register_consumer(text, text, text, bigint),
    pgq_node.unregister_consumer(text, text),
    pgq_node.get_consumer_info(text),
    pgq_node.get_consumer_state(text, text),
    pgq_node.change_consumer_provider(text, text, text),
    pgq_node.set_consumer_paused(text, text, boolean),
    pgq_node.set_consumer_uptodate(text, text, boolean),
    pgq_node.set_consumer_completed(text, text, bigint),
    pgq_node.set_consumer_error(text, text, text),
    pgq_node.set_global_watermark(text, bigint),
    pgq_node.set_partition_watermark(text, text, bigint),
    pgq_node.maint_watermark(text)
    to pgq_admin;
