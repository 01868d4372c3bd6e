import { beforeEach, expect, test } from 'vitest';
import { readLiveState } from '../../src/catalog/read-live-state.ts';
import type { Connector } from '../../src/db/connector.ts';
import { connect } from '../../src/db/session.ts';
import { encodeLocation } from '../../src/model/location-codec.ts';
import { databaseName, queueName, tableName } from '../../src/model/names.ts';
import type { LiveDatabase } from '../../src/model/state.ts';
import { connectionParams } from '../support/builders.ts';
import { debianServer, needDebian } from '../support/debian-server.ts';
import { applyAll, desiredOf, planOf, stepIds } from '../support/planning.ts';

// On a server with the original extensions: those are used as they are, and only what they lack is installed.

const file = `queues:
  replika:
    nodes:
      src: { database: src, role: root }
      dst: { database: dst, role: leaf, provider: src }
      mix: { database: mix, role: leaf, provider: src }
    tables:
      - include: ["app.*"]
        where: id < 50
`;

beforeEach(needDebian);

test('a cascade on the original extensions, and beside them', async () => {
  await using debian = await debianServer();
  const { host, port, user } = debian.server;
  const connector: Connector = (name, options) => {
    const target = { host, port, dbname: name, user };
    return connect({ ...target, password: undefined, ssl: false, connectTimeoutMs: 10_000 }, options);
  };
  const names = ['src', 'dst', 'mix'].map(databaseName);
  const cluster = {
    connector,
    locations: new Map(names.map((name) => [name, encodeLocation(connectionParams({ dbname: name, user }))])),
    yaml: `databases:\n${names.map((name) => `  ${name}: { url: "postgresql://${user}@${host}:${port}/${name}" }\n`).join('')}`,
  };
  {
    await using admin = await connector(databaseName('postgres'), { applicationName: 'trunkline test' });
    for (const name of names) await admin.script(`create database ${name}`);
  }
  for (const name of names) {
    await using session = await connector(name, { applicationName: 'trunkline test' });
    await session.script(`create extension pgq; create schema app;
      create table app.orders (id bigserial primary key, note text)`);
    if (name !== 'mix') await session.script('create extension pgq_node; create extension londiste');
  }

  const { plan } = await applyAll(cluster, file);
  expect(plan.steps.filter((step) => step.kind === 'install_schemas')).toMatchObject([
    { database: 'src', schemas: [{ name: 'pgq_ext' }, { name: 'trunkline' }] },
    { database: 'dst', schemas: [{ name: 'pgq_ext' }, { name: 'trunkline' }] },
    // What is missing beside an extension comes as extensions, too.
    {
      database: 'mix',
      schemas: [
        { name: 'pgq_ext', source: 'bundled' },
        { name: 'pgq_node', source: 'extension' },
        { name: 'londiste', source: 'extension' },
        { name: 'trunkline', source: 'bundled' },
      ],
    },
  ]);
  expect(stepIds(await planOf(cluster, file))).toEqual([]);

  const live = await readLiveState(connector, desiredOf(cluster, file));
  const root = live.databases.get(databaseName('src')) as LiveDatabase;
  expect(root.schemas.get('londiste')).toEqual({ source: 'extension', version: expect.stringMatching(/^3\./) });
  const table = root.queues.get(queueName('replika'))?.tables.get(tableName('app.orders'));
  // An argument of our own would be refused by the trigger function of the extension.
  expect(table?.triggers.map((trigger) => trigger.args)).toEqual([['replika'], ['replika']]);
  await using src = await connector(databaseName('src'), { applicationName: 'trunkline test' });
  await src.script("insert into app.orders (note) values ('captured')");

  // What counts down can not be published there.
  await src.script('create sequence app.down increment -1');
  const falling = file.replace('    tables:', '    sequences: { include: [app.down] }\n    tables:');
  await expect(planOf(cluster, falling)).rejects.toMatchObject({
    problems: [{ code: 'sequence_falls', node: 'src', sequence: 'app.down', fatal: true }],
  });

  const changed = file.replace('id < 50', 'id < 60');
  expect(stepIds((await applyAll(cluster, changed)).plan)).toEqual([
    'change_table/replika/dst/app.orders',
    'change_table/replika/mix/app.orders',
  ]);
  expect(stepIds(await planOf(cluster, changed))).toEqual([]);
  const removed = file.replace(/tables:\n.*\n.*\n/, 'tables: []\n');
  await applyAll(cluster, removed);
  expect(stepIds(await planOf(cluster, removed))).toEqual([]);
  const dropped = file.replace(/ {6}(dst|mix): .*\n/g, '').replace(/ {8}where.*\n/, '');
  await applyAll(cluster, dropped);
  expect(stepIds(await planOf(cluster, dropped))).toEqual([]);
});
