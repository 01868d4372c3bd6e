-- SQL files that ran in this database by way of a queue, as Londiste remembers them for some months.
select execute_file as file, queue_name as queue,
       pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(execute_sql, 'UTF8')), 'hex') as sha256
  from londiste.applied_execute
