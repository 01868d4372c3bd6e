-- Where the nodes of each queue are, as this database has it. Passwords may stand in there.
select l.queue_name as queue, l.node_name as node, l.node_location as location
  from pgq_node.node_location l
 order by l.queue_name, l.node_name
