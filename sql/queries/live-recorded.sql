-- SQL files that programs of this tool ran in this database by way of a queue.
select file_name as file, queue_name as queue, sha256
  from trunkline.executed
