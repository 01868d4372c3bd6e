-- Keeps what was last applied.
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
