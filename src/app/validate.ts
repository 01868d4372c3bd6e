import type { TrunklineDocument } from '../config/document.ts';
import { resolvedDocument } from '../config/resolved-document.ts';
import { documentText } from '../config/write-document.ts';
import type { DesiredState } from '../model/state.ts';
import { readConfig } from './read-config.ts';

export interface Validation {
  readonly desired: DesiredState;
  /** The same with every default written down and every secret as `***`. */
  readonly resolved: TrunklineDocument;
  readonly resolvedText: string;
}

/** Checks the files without asking any database. Throws every problem in them at once. */
export async function validateFiles(paths: readonly string[], env: NodeJS.ProcessEnv): Promise<Validation> {
  const desired = await readConfig(paths, env);
  const resolved = resolvedDocument(desired);
  return { desired, resolved, resolvedText: documentText(resolved) };
}
