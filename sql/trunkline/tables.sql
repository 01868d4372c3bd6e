-- Schema trunkline: what this tool keeps in a database about its own doings. Replication works without it.

create schema trunkline;
grant usage on schema trunkline to public;

-- What the installer put into this database, at which version, and whether as bundled SQL or as an extension.
create table trunkline.component (
    component text not null,
    version text not null,
    source text not null default 'bundled',
    installed_at timestamptz not null default now(),
    installed_by name not null default current_user,

    constraint component_pkey primary key (component)
);

-- Who may write as the worker of a node. Each new holder counts the generation up; see assert_lease.
create table trunkline.lease (
    queue_name text not null,
    node_name text not null,
    generation bigint not null,
    holder text not null,
    taken_at timestamptz not null,

    constraint lease_pkey primary key (queue_name, node_name)
);

-- A worker asked to stand still at a tick, so that a node can be compared there.
create table trunkline.hold (
    queue_name text not null,
    node_name text not null,
    tick_id bigint not null,
    holder text not null,
    expires_at timestamptz not null,

    constraint hold_pkey primary key (queue_name, node_name)
);

-- Heartbeat of the worker that runs for a node.
create table trunkline.worker_status (
    queue_name text not null,
    node_name text not null,
    worker text not null,
    pid integer,
    host text,
    heartbeat_at timestamptz not null,
    state text not null,
    detail jsonb,

    constraint worker_status_pkey primary key (queue_name, node_name)
);

-- How far the first copy of a table is.
create table trunkline.copy_progress (
    queue_name text not null,
    table_name text not null,
    phase text not null,
    rows_done bigint not null default 0,
    rows_total bigint,
    bytes_done bigint not null default 0,
    updated_at timestamptz not null default now(),

    constraint copy_progress_pkey primary key (queue_name, table_name)
);

-- Definitions of what a first copy took down for speed, kept until they are back.
create table trunkline.saved_ddl (
    queue_name text not null,
    table_name text not null,
    nr bigserial not null,
    kind text not null,
    ddl text not null,

    constraint saved_ddl_pkey primary key (queue_name, table_name, nr)
);

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

-- Plans that were applied.
create table trunkline.plan_log (
    log_id bigserial not null,
    plan_id text not null,
    started_at timestamptz not null default now(),
    finished_at timestamptz,
    applied_by text,
    client text,
    trunkline_version text,
    summary text,
    result text,

    constraint plan_log_pkey primary key (log_id)
);

-- Their steps, one by one.
create table trunkline.step_log (
    log_id bigint not null,
    step_id text not null,
    kind text not null,
    node_name text,
    description text,
    started_at timestamptz,
    finished_at timestamptz,
    result text,
    detail text,

    constraint step_log_pkey primary key (log_id, step_id),
    constraint step_log_log_id_fkey foreign key (log_id)
        references trunkline.plan_log (log_id) on delete cascade
);

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
