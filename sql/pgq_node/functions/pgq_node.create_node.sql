-- pgq_node.create_node(i_queue_name, i_node_type, i_node_name, i_worker_name, i_provider_name,
--                      i_global_watermark, i_combined_queue)
--
-- Makes this database a node of a queue. The location of the node must be registered before.
--
-- Parameters:
--   i_queue_name        name of the cascaded queue
--   i_node_type         root, branch or leaf
--   i_node_name         name of this node
--   i_worker_name       consumer name of its worker
--   i_provider_name     node to read from; NULL on a root
--   i_global_watermark  tick to start from, as register_subscriber on the provider gave it; NULL on a root
--   i_combined_queue    queue in this database that the leaf merges into, or NULL
-- Returns: 200 made; 401 there is a node already, or the arguments do not go together.
-- Tables written: pgq_node.node_info, pgq_node.local_state; on a root or branch also the tables of pgq.
create function pgq_node.create_node(
    in i_queue_name text,
    in i_node_type text,
    in i_node_name text,
    in i_worker_name text,
    in i_provider_name text,
    in i_global_watermark bigint,
    in i_combined_queue text,
    out ret_code integer,
    out ret_note text)
returns record
language plpgsql
security definer
as $$
declare
    v_provider text := i_provider_name;
    v_watermark bigint := i_global_watermark;
begin
    perform 1
       from pgq_node.node_info n
      where n.queue_name operator(pg_catalog.=) i_queue_name;
    if found then
        ret_code := 401;
        ret_note := 'Node already initialized';
        return;
    end if;

    if i_node_type operator(pg_catalog.=) 'root' then
        if i_provider_name is not null or i_global_watermark is not null or i_combined_queue is not null then
            ret_code := 401;
            ret_note := 'unexpected args for root';
            return;
        end if;

        perform pgq.create_queue(i_queue_name);
        perform pgq.register_consumer(i_queue_name, '.global_watermark');
        select c.last_tick
          into v_watermark
          from pgq.get_consumer_info(i_queue_name, '.global_watermark') c;
        v_provider := i_node_name;
    elsif i_node_type operator(pg_catalog.=) 'branch' then
        if i_provider_name is null then
            ret_code := 401;
            ret_note := 'provider not set for branch';
            return;
        end if;
        if i_global_watermark is null then
            ret_code := 401;
            ret_note := 'global watermark not set for branch';
            return;
        end if;

        perform pgq.create_queue(i_queue_name);
        update pgq.queue q
           set queue_external_ticker = true,
               queue_disable_insert = true
         where q.queue_name operator(pg_catalog.=) i_queue_name;
        -- A new queue has a tick 1 of its own.
        if i_global_watermark operator(pg_catalog.>) 1 then
            perform pgq.ticker(i_queue_name, i_global_watermark, pg_catalog.now(), 1);
        end if;
        perform pgq.register_consumer_at(i_queue_name, '.global_watermark', i_global_watermark);
    elsif i_node_type operator(pg_catalog.=) 'leaf' then
        if i_combined_queue is not null then
            perform 1
               from pgq.queue q
              where q.queue_name operator(pg_catalog.=) i_combined_queue;
            if not found then
                ret_code := 401;
                ret_note := pg_catalog.format('non-existing queue on leaf side: %s', i_combined_queue);
                return;
            end if;
        end if;
    end if;

    insert into pgq_node.node_info (queue_name, node_type, node_name, worker_name, combined_queue)
    values (i_queue_name, i_node_type, i_node_name, i_worker_name, i_combined_queue);

    perform pgq_node.register_consumer(i_queue_name, i_worker_name, v_provider, v_watermark);

    ret_code := 200;
    ret_note := pg_catalog.format('Node "%s" initialized for queue "%s" with type "%s"',
                                  i_node_name, i_queue_name, i_node_type);
end;
$$;
