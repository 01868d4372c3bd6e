-- Who may do what in schema trunkline. The roles come with schema londiste.

revoke execute on all functions in schema trunkline from public;

grant select on trunkline.component to public;
grant select on all tables in schema trunkline to londiste_reader;
-- They hold rows of the tables, which a reader of the queues may not have the right to see.
revoke select on trunkline.conflict, trunkline.skipped_event from londiste_reader;
-- How many there are, and since when, is nobody's secret.
grant select (conflict_id, queue_name, node_name, noticed_at) on trunkline.conflict to londiste_reader;
grant select (queue_name, node_name, event_id, skipped_at) on trunkline.skipped_event to londiste_reader;
grant all on all tables in schema trunkline to londiste_writer;
grant all on all sequences in schema trunkline to londiste_writer;
grant execute on all functions in schema trunkline to londiste_writer;
