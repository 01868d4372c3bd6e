-- The same on all three databases.
create table country (code text primary key, name text not null);
create table customer (id int primary key, name text not null, country text);
create table order_line (id bigint primary key, customer_id int not null, amount numeric(12, 2) not null);
