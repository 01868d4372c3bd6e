-- The source of the walk-through: role and schema digoal_01, four tables, the functions that make the load.
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
    ip inet
);

create table user_logout_rec (
    userid int,
    logout_time timestamp without time zone,
    ip inet
);

insert into user_info (userid, engname, cnname, occupation, birthday, signname, email, qq, crt_time, mod_time)
select i, 'digoal.zhou', '德哥', 'DBA', '1970-01-01'::date + i % 10000,
    E'公益是一辈子的事, I\'m "Digoal.Zhou", Just do it!', 'digoal' || i || '@126.com', 276732431 + i, clock_timestamp(), null
from generate_series(1, 200000) i;

insert into user_session (userid) select generate_series(1, 200000);

create function f_user_login(i_userid int, out o_userid int, out o_engname text, out o_cnname text)
language plpgsql as $$
begin
    select userid, engname, cnname into o_userid, o_engname, o_cnname
    from digoal_01.user_info where userid = i_userid;
    insert into digoal_01.user_login_rec (userid, login_time, ip) values (i_userid, now(), inet '127.0.0.1');
    update digoal_01.user_session set logintime = now(), login_count = login_count + 1 where userid = i_userid;
end;
$$;

create function f_user_logout(i_userid int, out o_result int)
language plpgsql as $$
begin
    insert into digoal_01.user_logout_rec (userid, logout_time, ip) values (i_userid, now(), inet '127.0.0.1');
    update digoal_01.user_session
    set logouttime = now(), online_interval = online_interval + (now() - logintime)
    where userid = i_userid and logintime is not null;
    o_result := 0;
end;
$$;

analyze;
