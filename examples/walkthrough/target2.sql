-- Target 2: another schema, and two of the tables under other names, empty.
do $$
begin
    create role digoal_02;
exception when duplicate_object then
    null; -- roles are shared by all databases of a server
end;
$$;
create schema digoal_02 authorization digoal_02;
set search_path = digoal_02;

create table user_info1 (
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

create table user_session1 (
    userid int,
    logintime timestamp(0) without time zone,
    login_count bigint default 0,
    logouttime timestamp(0) without time zone,
    online_interval interval default interval '0',
    constraint pk_user_session primary key (userid)
);
