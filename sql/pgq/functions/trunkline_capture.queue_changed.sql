-- trunkline_capture.queue_changed: trigger of pgq.queue that tells the captured tables which event table is the current one,
-- in the transaction that changes it, whoever does so.
-- Parameters: none.
-- Returns: nothing of meaning.
-- Tables written: none; a function is replaced.
create or replace function trunkline_capture.queue_changed()
returns trigger as $$
begin
    perform trunkline_capture.refresh_current(new.queue_id);
    return null;
end;
$$ language plpgsql security definer;
