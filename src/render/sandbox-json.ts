import type { ServerState } from '../model/sandbox.ts';

/** One server as programs read it; what is not there reads null. */
export function sandboxServerJson(server: ServerState): Readonly<Record<string, string | number | boolean | null>> {
  return {
    database: server.name,
    version: server.version,
    host: server.host,
    port: server.port ?? null,
    dbname: server.dbname,
    user: server.user,
    running: server.pid !== undefined,
    ready: server.ready,
    pid: server.pid ?? null,
    dataBytes: server.dataBytes,
    dataDir: server.dataDir,
    logFile: server.logFile,
    passfile: server.passfile,
  };
}
