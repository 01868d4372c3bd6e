import { type SpawnOptions, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import type { Programs } from './programs.ts';

/** How the server's programs are run. PostgreSQL refuses root, so root hands them to an unprivileged user. */
export interface ServerUser {
  /** Who must own the data directory; undefined is the user that runs this process. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  readonly command: (program: string, args: readonly string[]) => readonly [string, readonly string[]];
  readonly spawnOptions: Pick<SpawnOptions, 'uid' | 'gid'>;
}

// The account that every system has for programs that should own nothing.
const nobody = { uid: 65534, gid: 65534 };

const asIs: ServerUser = { owner: undefined, command: (program, args) => [program, args], spawnOptions: {} };

const asNobody: ServerUser = { owner: nobody, command: (program, args) => [program, args], spawnOptions: nobody };

// Root's own checkout often lies under a folder that only root may enter. One capability lets the server pass.
const asNobodyPassingFolders: ServerUser = {
  owner: nobody,
  command: (program, args) => [
    'setpriv',
    [
      `--reuid=${nobody.uid}`,
      `--regid=${nobody.gid}`,
      '--clear-groups',
      '--inh-caps=+dac_override',
      '--ambient-caps=+dac_override',
      program,
      ...args,
    ],
  ],
  spawnOptions: {},
};

// Where no other user can be taken on: a user namespace in which root has another number.
const inUserNamespace: ServerUser = {
  owner: undefined,
  command: (program, args) => [
    'unshare',
    ['--user', `--map-user=${nobody.uid}`, `--map-group=${nobody.gid}`, program, ...args],
  ],
  spawnOptions: {},
};

export interface ServerHome {
  readonly user: ServerUser;
  /** The programs, or a copy of them where they lie under a folder that the user may not enter. */
  readonly programs: Programs;
}

/** Undefined when no way was found in which an unprivileged server could use `folder` and the programs. */
export function chooseServerUser(folder: string, programs: Programs): ServerHome | undefined {
  if (process.getuid?.() !== 0) return { user: asIs, programs };
  if (works(asNobody, folder, programs)) return { user: asNobody, programs };
  // The programs look for each other with access(2), which counts no capability: those must lie in the open.
  const open = works(asNobody, '/', programs);
  if (open && works(asNobodyPassingFolders, folder, programs)) return { user: asNobodyPassingFolders, programs };
  if (works(inUserNamespace, folder, programs)) return { user: inUserNamespace, programs };
  const copied = copyPrograms(programs);
  return works(asNobodyPassingFolders, folder, copied) ? { user: asNobodyPassingFolders, programs: copied } : undefined;
}

/** Beside other temporary files, once for each release; made under another name, so that it is never there in part. */
function copyPrograms(programs: Programs): Programs {
  const release = createHash('sha256')
    .update(`${programs.native}:${statSync(programs.postgres).mtimeMs}`)
    .digest('hex')
    .slice(0, 16);
  const native = join(tmpdir(), `trunkline-postgres-${programs.version}-${release}`);
  if (!existsSync(native)) {
    const draft = `${native}.${process.pid}`;
    cpSync(programs.native, draft, { recursive: true, verbatimSymlinks: true });
    chmodSync(draft, 0o755);
    try {
      renameSync(draft, native);
    } catch (error) {
      // Another process was quicker.
      rmSync(draft, { recursive: true, force: true });
      if (!existsSync(native)) throw error;
    }
  }
  const moved = (path: string) => join(native, relative(programs.native, path));
  return { version: programs.version, native, initdb: moved(programs.initdb), postgres: moved(programs.postgres) };
}

// Trying is surer than reading modes: access lists, mount options and missing capabilities count too.
function works(user: ServerUser, folder: string, programs: Programs): boolean {
  const script = '[ "$(id -u)" != 0 ] && cd "$1" && [ -x "$2" ] && [ -x "$3" ] && cd "$4" && [ -r . ]';
  const paths = [folder, programs.initdb, programs.postgres, join(programs.native, 'share')];
  const [command, args] = user.command('/bin/sh', ['-c', script, 'sh', ...paths]);
  return spawnSync(command, args, { ...user.spawnOptions, stdio: 'ignore', cwd: '/' }).status === 0;
}
