import { readFileSync } from 'node:fs';
import type { NodeName } from '../model/names.ts';
import type { CascadeStatus } from '../model/status.ts';
import type { NodeTally } from '../model/tally.ts';
import { type Answer, type HttpAddress, type HttpServer, json, plain, serveHttp } from './http-server.ts';
import { metricsContentType, metricsText, startProcessMetrics } from './metrics.ts';
import { readiness } from './readiness.ts';

export interface WatchOptions {
  readonly address: HttpAddress;
  /** Undefined: the process works for every node. */
  readonly nodes: () => ReadonlySet<NodeName> | undefined;
  /** Reads all databases; called at most once a second, whoever asks. */
  readonly readStatus: () => Promise<CascadeStatus>;
  /** The document that `status --json` prints. */
  readonly statusDocument: (status: CascadeStatus) => unknown;
  readonly tallies: () => readonly NodeTally[];
  /** Milliseconds that only grow. */
  readonly now: () => number;
}

/** Serves metrics, health and the page on one address until disposed of. */
export function serveWatch(options: WatchOptions): Promise<HttpServer> {
  const status = shared(options.readStatus, options.now);
  const processMetrics = startProcessMetrics();
  return serveHttp(options.address, {
    '/': file('index.html', 'text/html'),
    '/app.js': file('app.js', 'text/javascript'),
    '/style.css': file('style.css', 'text/css'),
    '/status.json': async () => json(200, options.statusDocument(await status())),
    '/metrics': async () => ({
      status: 200,
      type: metricsContentType,
      body: await metricsText(await status(), options.tallies(), processMetrics),
    }),
    // That this is answered is the answer: the process turns its event loop. Databases are for /readyz.
    '/livez': async () => plain(200, 'ok'),
    '/readyz': async () => {
      const found = readiness(await status(), options.nodes());
      return json(found.ready ? 200 : 503, found);
    },
  });
}

const freshMs = 1_000;

/** Many watchers cost one reading: those who ask while one is made, or a moment later, get the same. */
function shared<Value>(read: () => Promise<Value>, now: () => number): () => Promise<Value> {
  let reading: Promise<Value> | undefined;
  let until = Number.NEGATIVE_INFINITY;
  return () => {
    if (reading !== undefined && now() < until) return reading;
    until = Number.POSITIVE_INFINITY;
    const mine = read().finally(() => {
      until = now() + freshMs;
    });
    reading = mine;
    return mine;
  };
}

function file(name: string, type: string): () => Promise<Answer> {
  return async () => ({
    status: 200,
    type: `${type}; charset=utf-8`,
    body: readFileSync(new URL(`../../web/${name}`, import.meta.url), 'utf8'),
  });
}
