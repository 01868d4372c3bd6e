import { readFileSync, statSync } from 'node:fs';
import { ConnectionSettingsInvalid } from './connection-settings.ts';

/** The four fields by which a line of a password file is found. */
export interface PassfileKey {
  readonly host: string;
  readonly port: number;
  readonly dbname: string;
  readonly user: string;
}

/** The password of the first line that fits; undefined where the file has none, or there is no such file. */
export function readPassfile(path: string, key: PassfileKey): string | undefined {
  const text = readSecurely(path);
  if (text === undefined) return undefined;
  const wanted = [key.host, String(key.port), key.dbname, key.user];
  for (const line of text.split(/\r?\n/)) {
    if (line === '' || line.startsWith('#')) continue;
    const fields = splitLine(line);
    const password = fields[4];
    if (password !== undefined && wanted.every((value, at) => fields[at] === '*' || fields[at] === value)) {
      return password;
    }
  }
  return undefined;
}

// As libpq does, a file that others may read is not used; unlike libpq it is an error, not a warning that scrolls by.
function readSecurely(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined || !found.isFile()) return undefined;
  if (process.platform !== 'win32' && (found.mode & 0o077) !== 0) {
    throw new ConnectionSettingsInvalid(`password file ${path} may be read by others; run: chmod 600 ${path}`);
  }
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConnectionSettingsInvalid(`password file ${path} can't be read`, { cause: error });
  }
}

/** Colons part the fields; a backslash takes the next character as it is. All after the fourth colon is the password. */
function splitLine(line: string): readonly string[] {
  const fields: string[] = [];
  let field = '';
  for (let at = 0; at < line.length; at += 1) {
    const char = line[at] ?? '';
    if (char === '\\' && at + 1 < line.length) {
      at += 1;
      field += line[at];
    } else if (char === ':' && fields.length < 4) {
      fields.push(field);
      field = '';
    } else {
      field += char;
    }
  }
  return [...fields, field];
}
