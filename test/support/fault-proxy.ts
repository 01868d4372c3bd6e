import { createServer, connect as dial, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Stands between a program and a server, and does what networks do. */
export interface FaultProxy extends AsyncDisposable {
  readonly port: number;
  /** Cuts every connection. */
  reset(): void;
  /** Nothing comes through either way, and nobody is told. */
  freeze(): void;
  /** The same for the connections that there are now; new ones come through. */
  freezeOpen(): void;
  thaw(): void;
  /** Everything comes this much later. */
  delay(ms: number): void;
  /** The next COMMIT reaches the server; its answer does not come back, nor does the connection. */
  loseCommit(): void;
  /** How many answers were lost so. */
  readonly lost: number;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  losing: boolean;
}

export async function faultProxy(target: { readonly host: string; readonly port: number }): Promise<FaultProxy> {
  const pairs = new Set<Pair>();
  let frozen = false;
  let delayMs = 0;
  let armed = false;
  let lost = 0;

  const cut = (pair: Pair) => {
    pairs.delete(pair);
    pair.client.destroy();
    pair.server.destroy();
  };
  // Each direction keeps its order, also where the delay changes in between.
  const lines = new WeakMap<Socket, Promise<void>>();
  const forward = (to: Socket, chunk: Buffer) => {
    const due = performance.now() + delayMs;
    const before = lines.get(to);
    if (before === undefined && delayMs === 0) {
      if (!to.destroyed) to.write(chunk);
      return;
    }
    const mine = (before ?? Promise.resolve()).then(async () => {
      const left = due - performance.now();
      if (left > 0) await sleep(left);
      if (!to.destroyed) to.write(chunk);
      if (lines.get(to) === mine) lines.delete(to);
    });
    lines.set(to, mine);
  };
  const listener = createServer((client) => {
    const server = dial(target.port, target.host);
    const pair: Pair = { client, server, losing: false };
    pairs.add(pair);
    if (frozen) for (const socket of [client, server]) socket.pause();
    client.on('data', (chunk: Buffer) => {
      if (armed && chunk.includes('commit\0')) {
        armed = false;
        pair.losing = true;
      }
      forward(server, chunk);
    });
    server.on('data', (chunk: Buffer) => {
      if (!pair.losing) return forward(client, chunk);
      lost += 1;
      cut(pair);
    });
    for (const socket of [client, server]) {
      socket.on('error', () => cut(pair));
      socket.on('close', () => cut(pair));
    }
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');

  const sockets = () => [...pairs].flatMap(({ client, server }) => [client, server]);
  return {
    port: address.port,
    reset() {
      for (const pair of [...pairs]) cut(pair);
    },
    freeze() {
      frozen = true;
      for (const socket of sockets()) socket.pause();
    },
    freezeOpen() {
      for (const socket of sockets()) socket.pause();
    },
    thaw() {
      frozen = false;
      for (const socket of sockets()) socket.resume();
    },
    delay(ms) {
      delayMs = ms;
    },
    loseCommit() {
      armed = true;
    },
    get lost() {
      return lost;
    },
    async [Symbol.asyncDispose]() {
      for (const pair of [...pairs]) cut(pair);
      await new Promise<void>((resolve) => listener.close(() => resolve()));
    },
  };
}
