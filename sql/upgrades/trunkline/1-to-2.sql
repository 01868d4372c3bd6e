-- Keeps SQL files that ran, conflicts, and what was last applied.

-- SQL files that ran here by way of a queue, for good: londiste.applied_execute forgets them after some months.
create table trunkline.executed (
    queue_name text not null,
    file_name text not null,
    sha256 text not null,
    executed_at timestamptz not null default now(),
    executed_by name not null default current_user,

    constraint executed_pkey primary key (file_name)
);

-- Rows that were in the way of replicated ones, or were missing, by the policy of their table.
create table trunkline.conflict (
    conflict_id bigserial not null,
    noticed_at timestamptz not null default now(),
    queue_name text not null,
    node_name text not null,
    table_name text not null,
    -- insert_exists, update_missing or delete_missing
    kind text not null,
    -- keep: the row that was here stayed. log: the provider's took its place.
    policy text not null,
    row_here jsonb,
    row_of_provider jsonb not null,

    constraint conflict_pkey primary key (conflict_id)
);

-- Events that somebody told a node to leave out, as they were, with who, when and why.
create table trunkline.skipped_event (
    queue_name text not null,
    node_name text not null,
    event_id bigint not null,
    -- end of the batch it came in
    tick_id bigint not null,
    -- who could not go on: the node's worker, or the consumer of a parked table
    consumer_name text not null,
    event_time timestamptz not null,
    event_txid bigint not null,
    event_type text,
    event_data text,
    event_extra1 text,
    event_extra2 text,
    event_extra3 text,
    event_extra4 text,
    skipped_at timestamptz not null default now(),
    skipped_by text not null,
    client text not null,
    reason text not null,
    -- what it failed with
    error text,

    constraint skipped_event_pkey primary key (queue_name, node_name, event_id)
);
-- Asked before every batch.
create index skipped_event_tick_id_idx on trunkline.skipped_event (queue_name, node_name, tick_id);

-- What each queue was last brought to: the files as they were applied, resolved and without secrets. plan tells by it
-- whether a difference was made in the file or in a database.
create table trunkline.last_applied (
    queue_name text not null,
    config json not null,
    log_id bigint,
    applied_at timestamptz not null default now(),
    applied_by text,

    constraint last_applied_pkey primary key (queue_name),
    constraint last_applied_log_id_fkey foreign key (log_id)
        references trunkline.plan_log (log_id) on delete set null
);

-- Steps towards last_applied that are still to be carried out.
create table trunkline.pending_step (
    queue_name text not null,
    step_id text not null,

    constraint pending_step_pkey primary key (queue_name, step_id),
    constraint pending_step_queue_name_fkey foreign key (queue_name)
        references trunkline.last_applied (queue_name) on delete cascade
);
