-- trunkline_capture.write_as_before: undoes trunkline_capture.write_plainly.
-- Parameters: i_before - what that gave; NULL does nothing.
-- Returns: nothing.
-- Tables written: none; settings of the transaction change.
create or replace function trunkline_capture.write_as_before(i_before text[])
returns void as $$
begin
    if i_before is not null then
        perform pg_catalog.set_config('datestyle', i_before[1], true),
                pg_catalog.set_config('intervalstyle', i_before[2], true),
                pg_catalog.set_config('extra_float_digits', i_before[3], true);
    end if;
end;
$$ language plpgsql;
