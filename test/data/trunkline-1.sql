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
