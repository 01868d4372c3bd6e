-- Schema londiste: which tables and sequences of a queue are replicated here, and how far each has come.
-- Names of tables and sequences are kept as raw text, "schema.name" without quotes, split at the first dot.

create schema londiste;
grant usage on schema londiste to public;

-- Tables known on a queue. A row that is not local is known, but not replicated here.
create table londiste.table_info (
    nr serial not null,
    queue_name text not null,
    table_name text not null,
    local boolean not null default false,
    merge_state text,
    custom_snapshot text,
    dropped_ddl text,
    table_attrs text,
    dest_table text,

    constraint table_info_pkey primary key (queue_name, table_name),
    constraint table_info_queue_name_fkey foreign key (queue_name)
        references pgq_node.node_info (queue_name) on delete cascade,
    constraint table_info_check check (dropped_ddl is null or merge_state in ('in-copy', 'catching-up'))
);

-- Sequences known on a queue; last_value is what was last published.
create table londiste.seq_info (
    nr serial not null,
    queue_name text not null,
    seq_name text not null,
    local boolean not null default false,
    last_value bigint not null,

    constraint seq_info_pkey primary key (queue_name, seq_name),
    constraint seq_info_queue_name_fkey foreign key (queue_name)
        references pgq_node.node_info (queue_name) on delete cascade
);

-- SQL files that ran here. A file is known by its name in the whole database, not per queue.
create table londiste.applied_execute (
    queue_name text not null,
    execute_file text not null,
    execute_time timestamptz not null default now(),
    execute_sql text not null,
    execute_attrs text,

    constraint applied_execute_pkey primary key (execute_file)
);

-- Foreign keys taken down for a first copy; fkey_def is the statement that brings one back.
create table londiste.pending_fkeys (
    from_table text not null,
    to_table text not null,
    fkey_name text not null,
    fkey_def text not null,

    constraint pending_fkeys_pkey primary key (from_table, fkey_name)
);
