-- Target 1: the same schema and names as the source, empty.
do $$
begin
    create role digoal_01;
exception when duplicate_object then
    null; -- roles are shared by all databases of a server
end;
$$;
create schema digoal_01 authorization digoal_01;
set search_path = digoal_01;

create table user_info (
    userid int,
    engname text,
    cnname text,
    occupation text,
    birthday date,
    signname text,
    email text,
    qq numeric,
    crt_time timestamp without time zone,
    mod_time timestamp without time zone,
    constraint pk_user_info primary key (userid)
);

create table user_session (
    userid int,
    logintime timestamp(0) without time zone,
    login_count bigint default 0,
    logouttime timestamp(0) without time zone,
    online_interval interval default interval '0',
    constraint pk_user_session primary key (userid)
);

create table user_login_rec (
    userid int,
    login_time timestamp without time zone,
    ip inet,
    id bigserial primary key
);

create table user_logout_rec (
    userid int,
    logout_time timestamp without time zone,
    ip inet,
    id bigserial primary key
);
