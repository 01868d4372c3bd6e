-- The two tables, on both databases.
create table customer (
    id int primary key,
    name text not null,
    country text
);

create table order_line (
    id bigserial primary key,
    customer_id int not null references customer,
    amount numeric(12, 2) not null,
    ordered_at timestamptz not null default now()
);
