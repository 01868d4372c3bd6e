-- trunkline_capture.writes_plainly: does this session write values in a way that comes to the same values under other settings?
-- DateStyles but ISO leave open which number is the month, and name zones by letters that elsewhere stand for others; an interval
-- of sql_standard has one sign for all its parts; few digits cut numbers off. Whatever else may be set is read alike everywhere.
-- Parameters: none.
-- Returns: true or false.
-- Tables written: none.
create or replace function trunkline_capture.writes_plainly()
returns boolean as $$
    select pg_catalog.left(pg_catalog.current_setting('datestyle'), 3) operator(pg_catalog.=) 'ISO'
       and pg_catalog.current_setting('intervalstyle') operator(pg_catalog.<>) 'sql_standard'
       and pg_catalog.current_setting('extra_float_digits')::integer operator(pg_catalog.>) 0;
$$ language sql stable;
