-- $1: queue. The tables that this node holds of it, in the order they were added.
select t.table_name, t.merge_state, t.table_attrs, t.dest_table
from londiste.table_info t
where t.queue_name = $1 and t.local
order by t.nr
