import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { connect } from '../../src/db/session.ts';
import { sql } from '../../src/db/statement.ts';
import { freshCluster } from '../support/cluster.ts';
import { faultProxy } from '../support/fault-proxy.ts';
import { waitFor } from '../support/replication.ts';

test('an answer that stays away is waited for while the server works, and given up where it does not', async () => {
  await using cluster = await freshCluster({ db: 14 });
  const { hostname, port, username, password, pathname } = new URL(cluster.databases.db.url);
  await using proxy = await faultProxy({ host: hostname, port: Number(port) });
  const target = {
    host: '127.0.0.1',
    port: proxy.port,
    dbname: pathname.slice(1),
    user: username,
    password: decodeURIComponent(password),
    ssl: false,
    connectTimeoutMs: 60_000,
  };
  const open = () => connect(target, { applicationName: 'liveness', answerTimeoutMs: 1_500 });

  await using patient = await open();
  await patient.script('create table t (id int)');
  await patient.query(sql('select pg_sleep(4)'));
  const rows = patient.copyIn('copy t from stdin');
  await new Promise<void>((resolve, reject) => rows.on('error', reject).end('1\n2\n', resolve));
  // Sent long ago, and nobody has come to read it.
  const unread = patient.copyOut('copy (select * from generate_series(1, 20000)) to stdout');
  unread.read(1);
  await sleep(4_000);
  for await (const _ of unread);
  await sleep(4_000);
  expect(await patient.query(sql('select count(*) as n from t'))).toEqual([{ n: 2n }]);

  // What was asked never arrived, while other connections come through.
  await using half = await open();
  proxy.freezeOpen();
  await expect(half.query(sql('select 1'))).rejects.toThrow(/nothing has come through for [\d.]+ s/);
  expect(half.lost).toBe(true);

  await using mute = await open();
  const stream = mute.copyOut('copy (select pg_sleep(60)) to stdout');
  proxy.freeze();
  const given = performance.now();
  await expect(
    (async () => {
      for await (const _ of stream);
    })(),
  ).rejects.toThrow(/has not answered for [\d.]+ s/);
  expect(performance.now() - given).toBeLessThan(30_000);
  proxy.thaw();

  await using killed = await open();
  const asked = killed.query(sql('select pg_sleep(60)'));
  proxy.freezeOpen();
  const gone = expect(asked).rejects.toThrow(/does not work on what it was asked/);
  await using other = await open();
  await other.query(sql('select pg_terminate_backend($1)', killed.backendPid));
  await gone;
  await waitFor('only what is in use to be left', 30_000, async () => {
    const left = await other.query(sql(`select from pg_stat_activity where application_name = 'liveness'`));
    return left.length <= 4;
  });
});
