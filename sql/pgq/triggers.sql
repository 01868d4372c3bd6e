-- Triggers on the tables of schema pgq.

create trigger trunkline_capture_current
after update on pgq.queue
for each row
when (old.queue_cur_table is distinct from new.queue_cur_table
      or old.queue_disable_insert is distinct from new.queue_disable_insert
      or old.queue_per_tx_limit is distinct from new.queue_per_tx_limit)
execute function trunkline_capture.queue_changed();
