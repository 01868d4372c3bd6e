import { rmSync } from 'node:fs';
import { readSettings, serverPaths } from './server-paths.ts';
import { type ServerRef, stopRunning, underLock } from './stop-server.ts';

/** Stops a server and deletes its data, log and password. False when there is none. */
export async function wipeServer(ref: ServerRef): Promise<boolean> {
  const paths = serverPaths(ref.stateDir, ref.name);
  if (readSettings(paths) === undefined) return false;
  return underLock(ref, paths, async () => {
    await stopRunning(ref.name, paths);
    rmSync(paths.data, { recursive: true, force: true, maxRetries: 3 });
    rmSync(paths.root, { recursive: true, force: true, maxRetries: 3 });
    return true;
  });
}
