import { statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** `.trunkline` beside the first file: where embedded servers live. */
export function stateDirOf(files: readonly string[]): string {
  const first = resolve(files[0] ?? 'trunkline.yaml');
  const isDirectory = statSync(first, { throwIfNoEntry: false })?.isDirectory() ?? false;
  return join(isDirectory ? first : dirname(first), '.trunkline');
}
