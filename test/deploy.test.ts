import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { CronJob } from 'kubernetes-models/batch/v1/CronJob';
import { Service } from 'kubernetes-models/v1/Service';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { COMMANDS } from './support/commands.ts';

const folder = 'examples/deploy';
const units = readdirSync(`${folder}/systemd`).filter((name) => /\.(service|timer)$/.test(name));
const manifests = readdirSync(`${folder}/kubernetes`);
const analyze = '/usr/bin/systemd-analyze';

test.skipIf(!existsSync(analyze) && (process.env.CI ?? '') === '')('systemd accepts the units', () => {
  const paths = units.map((name) => `${folder}/systemd/${name}`);
  const { status, stderr } = spawnSync(analyze, ['verify', ...paths], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

const models = { Deployment, CronJob, Service };

test.each(manifests)('Kubernetes accepts %s', (name) => {
  for (const document of parseAllDocuments(readFileSync(`${folder}/kubernetes/${name}`, 'utf8'))) {
    const resource = document.toJS() as { kind: keyof typeof models };
    expect(() => new models[resource.kind](resource as never).validate()).not.toThrow();
    expect(() => new models[resource.kind]({ ...resource, metadata: { name: 1 } } as never).validate()).toThrow();
  }
});

test('what they run are commands of the program, with flags that it has', () => {
  const lines = units.flatMap((name) =>
    readFileSync(`${folder}/systemd/${name}`, 'utf8')
      .split('\n')
      .flatMap((line) => /^ExecStart=.*?\btrunkline (.+)$/.exec(line)?.[1]?.split(' ') ?? [])
      .join(' '),
  );
  const args = manifests.flatMap((name) => {
    const found = /args: (\[.*\])/.exec(readFileSync(`${folder}/kubernetes/${name}`, 'utf8'))?.[1];
    return found === undefined ? [] : [(JSON.parse(found) as string[]).join(' ')];
  });
  const calls = [...lines, ...args].filter((line) => line !== '');
  expect(calls).toHaveLength(4);
  for (const call of calls) {
    const [command = '', ...words] = call.split(' ');
    const known = { ...COMMANDS[command]?.flags, ...COMMANDS[command]?.baseFlags };
    for (const flag of words.filter((word) => word.startsWith('--'))) expect(known).toHaveProperty(flag.slice(2));
  }
});
