-- Keeps which roots were given up, and where their successors stood.

-- Roots that did not answer and were given up: which node took the place, and after which of their ticks it went on
-- without them. What they took later is in their queue alone.
create table trunkline.replaced_root (
    queue_name text not null,
    node_name text not null,
    replaced_by text not null,
    -- the last tick of the old root that the new one had applied
    tick_id bigint not null,
    -- what the old root called that tick beside its number; null where no worker of ours had read it
    tick_time timestamptz,
    tick_event_seq bigint,
    replaced_at timestamptz not null default now(),
    applied_by text not null,
    client text not null,

    constraint replaced_root_pkey primary key (queue_name, node_name, tick_id)
);
