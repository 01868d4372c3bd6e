import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { databaseName } from '../../src/model/names.ts';
import { createDataDirectory } from '../../src/sandbox/data-directory.ts';
import { findPrograms, makeLibraryLinks, type Programs } from '../../src/sandbox/programs.ts';
import { serverPaths } from '../../src/sandbox/server-paths.ts';
import { chooseServerUser, type ServerHome } from '../../src/sandbox/server-user.ts';

// A fresh clone of root's often lies under a folder that nobody else may enter, programs and all.
let closed: string;

beforeEach(() => {
  closed = mkdtempSync(join(tmpdir(), 'trunkline-closed-'));
  chmodSync(closed, 0o700);
});

afterEach(() => rmSync(closed, { recursive: true, force: true }));

function programsInside(): Programs {
  const programs = findPrograms(14);
  if (programs === undefined) throw new Error('PostgreSQL 14 is a development dependency');
  makeLibraryLinks(programs);
  const native = join(closed, 'native');
  cpSync(programs.native, native, { recursive: true, verbatimSymlinks: true });
  return { version: 14, native, initdb: join(native, 'bin/initdb'), postgres: join(native, 'bin/postgres') };
}

test('programs and data under a closed folder can be used', async () => {
  await expectUsable(programsInside());
});

test.runIf(process.getuid?.() === 0)('also where there are no user namespaces: by a copy of the programs', async () => {
  const programs = programsInside();
  // Without unshare, as in many containers.
  const tools = mkdtempSync(join(tmpdir(), 'trunkline-tools-'));
  chmodSync(tools, 0o755);
  for (const tool of ['setpriv', 'id']) symlinkSync(join('/usr/bin', tool), join(tools, tool));
  const path = process.env.PATH;
  process.env.PATH = tools;
  try {
    const home = await expectUsable(programs);
    expect(home.programs.native.startsWith(closed)).toBe(false);
    rmSync(home.programs.native, { recursive: true, force: true });
  } finally {
    process.env.PATH = path;
    rmSync(tools, { recursive: true, force: true });
  }
});

async function expectUsable(programs: Programs): Promise<ServerHome> {
  const home = chooseServerUser(closed, programs);
  if (home === undefined) throw new Error('no way was found');
  const paths = serverPaths(join(closed, '.trunkline'), databaseName('main'));
  mkdirSync(paths.root, { recursive: true });
  expect(await createDataDirectory(paths, home.programs, home.user, { fsync: false })).toBeUndefined();
  expect(statSync(join(paths.data, 'PG_VERSION')).isFile()).toBe(true);
  return home;
}
