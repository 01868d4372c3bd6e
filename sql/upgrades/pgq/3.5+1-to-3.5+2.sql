-- Captured tables learn of the current event table by a trigger. Its function gets its body with the other functions.

create or replace function trunkline_capture.queue_changed()
returns trigger as $$
begin
    return null;
end;
$$ language plpgsql security definer;

drop trigger if exists trunkline_capture_current on pgq.queue;
create trigger trunkline_capture_current
after update on pgq.queue
for each row
when (old.queue_cur_table is distinct from new.queue_cur_table
      or old.queue_disable_insert is distinct from new.queue_disable_insert
      or old.queue_per_tx_limit is distinct from new.queue_per_tx_limit)
execute function trunkline_capture.queue_changed();

drop function if exists trunkline_capture.refresh_put(integer);
drop function if exists trunkline_capture.capture_columns(oid);
drop function if exists trunkline_capture.create_capture(text, oid, text);
