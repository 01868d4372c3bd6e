import type { FreshDatabase } from './database.ts';

/** The source's tables of the walk-through, with a few rows. The log tables have their key, or not yet. */
export async function createSource(
  database: FreshDatabase,
  options: { readonly logKeys?: boolean } = {},
): Promise<void> {
  await using session = await database.session();
  await session.script(`create schema digoal_01;
    ${userInfo('digoal_01.user_info')}
    ${userSession('digoal_01.user_session')}
    ${logTables(options.logKeys ?? true)}
    insert into digoal_01.user_info (userid, engname, cnname, crt_time)
      select i, 'name ' || i, '中文名字 ''' || i || ''', ', now() from generate_series(1, 500) i;
    insert into digoal_01.user_session (userid) select i from generate_series(1, 500) i;
    analyze;`);
}

export async function createTarget1(
  database: FreshDatabase,
  options: { readonly logKeys?: boolean } = {},
): Promise<void> {
  await using session = await database.session();
  await session.script(`create schema digoal_01;
    ${userInfo('digoal_01.user_info')}
    ${userSession('digoal_01.user_session')}
    ${logTables(options.logKeys ?? true)}`);
}

export async function createTarget2(database: FreshDatabase): Promise<void> {
  await using session = await database.session();
  await session.script(`create schema digoal_02;
    ${userInfo('digoal_02.user_info1')}
    ${userSession('digoal_02.user_session1')}`);
}

function userInfo(name: string): string {
  return `create table ${name} (userid int, engname text, cnname text, occupation text, birthday date, signname text,
    email text, qq numeric, crt_time timestamp without time zone, mod_time timestamp without time zone,
    constraint pk_user_info primary key (userid));`;
}

function userSession(name: string): string {
  return `create table ${name} (userid int, logintime timestamp(0) without time zone, login_count bigint default 0,
    logouttime timestamp(0) without time zone, online_interval interval default interval '0',
    constraint pk_user_session primary key (userid));`;
}

function logTables(keys: boolean): string {
  const id = keys ? 'id bigserial primary key, ' : '';
  return `create table digoal_01.user_login_rec (${id}userid int, login_time timestamp without time zone, ip inet);
    create table digoal_01.user_logout_rec (${id}userid int, logout_time timestamp without time zone, ip inet);`;
}
