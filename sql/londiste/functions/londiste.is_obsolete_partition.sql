-- londiste.is_obsolete_partition(i_partition_table, i_retention_period, i_partition_period)
--
-- Is a partition, by the time at the end of its name, older than what is to be kept?
--
-- Parameters:
--   i_partition_table   name that ends with _YYYY, _YYYY_MM, _YYYY_MM_DD or _YYYY_MM_DD_HH24
--   i_retention_period  how long rows are kept
--   i_partition_period  year, month, day or hour, or yearly, monthly, daily, hourly
-- Returns: true or false; NULL when the name has no such end. Raises for another period.
-- Tables written: none.
create function londiste.is_obsolete_partition(
    in i_partition_table text,
    in i_retention_period interval,
    in i_partition_period text)
returns boolean
language plpgsql
as $$
declare
    v_pattern text;
    v_format text;
    v_suffix text;
    v_oldest text;
begin
    if i_partition_period operator(pg_catalog.=) any (array['hour', 'hourly']) then
        v_pattern := '_([0-9]{4}_[0-9]{2}_[0-9]{2}_[0-9]{2})$';
        v_format := 'YYYY_MM_DD_HH24';
    elsif i_partition_period operator(pg_catalog.=) any (array['day', 'daily']) then
        v_pattern := '_([0-9]{4}_[0-9]{2}_[0-9]{2})$';
        v_format := 'YYYY_MM_DD';
    elsif i_partition_period operator(pg_catalog.=) any (array['month', 'monthly']) then
        v_pattern := '_([0-9]{4}_[0-9]{2})$';
        v_format := 'YYYY_MM';
    elsif i_partition_period operator(pg_catalog.=) any (array['year', 'yearly']) then
        v_pattern := '_([0-9]{4})$';
        v_format := 'YYYY';
    else
        raise exception 'not supported i_partition_period: %', i_partition_period;
    end if;

    v_suffix := substring(i_partition_table from v_pattern);
    if v_suffix is null then
        return null;
    end if;
    v_oldest := pg_catalog.to_char(pg_catalog.now() operator(pg_catalog.-) i_retention_period, v_format);
    return coalesce(v_suffix collate pg_catalog."C" operator(pg_catalog.<) v_oldest, false);
end;
$$;
