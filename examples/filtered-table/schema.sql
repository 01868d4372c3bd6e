-- On database shop. On analysis the table has neither phone nor is_test.
create table customer (
    id int primary key,
    country text not null,
    email text,
    phone text,
    birthday date,
    is_test boolean not null default false
);
