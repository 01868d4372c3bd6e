import type { Session } from '../db/session.ts';
import type { TableSum } from '../model/comparison.ts';
import { foldTotal, hashOf, rowsOf, type SumColumn, type SumRequest, textOf } from './checksum.ts';

/** A table that other queues fill too, as far as it is the provider's. */
export interface OwnRows {
  readonly provider: TableSum;
  /** Rows whose key the provider has. */
  readonly subscriber: TableSum;
  /** Hashes of the keys that differ, as many as were asked for; `differing` counts all. */
  readonly keys: readonly string[];
  readonly differing: number;
}

/**
 * Goes through both sides in the order of a hash of the key, which is the same on any server, and holds one row of each. A
 * row that the subscriber alone has may be another queue's, and is passed over. Equal rows count as often as they are there.
 */
export async function compareOwnRows(
  provider: ReadSide,
  subscriber: ReadSide,
  key: readonly string[],
  limit: number,
): Promise<OwnRows> {
  const left = hashesOf(provider, key, 'provider');
  const right = hashesOf(subscriber, key, 'subscriber');
  const own = { provider: emptySum(), subscriber: emptySum() };
  const keys: string[] = [];
  let differing = 0;
  const differs = (name: string): void => {
    differing += 1;
    if (keys.length < limit) keys.push(name);
  };
  try {
    let other = await right.next();
    for await (const row of left) {
      addTo(own.provider, row.hash);
      while (other.done !== true && other.value.key < row.key) other = await right.next();
      if (other.done === true || other.value.key !== row.key) {
        differs(row.key);
        continue;
      }
      addTo(own.subscriber, other.value.hash);
      if (other.value.hash !== row.hash) differs(row.key);
      other = await right.next();
    }
  } finally {
    // What is left of both is read off the connections, or thrown away.
    await Promise.all([left.return(undefined), right.return(undefined)]);
  }
  return { provider: sumOf(own.provider), subscriber: sumOf(own.subscriber), keys, differing };
}

/** What stands for a key in the order of rows. */
export function keyHash(columns: readonly SumColumn[]): string {
  return `pg_catalog.md5(pg_catalog.convert_to(${textOf(columns)}, 'UTF8'))`;
}

/** One of the sides could not be read; the cause is what its server or connection said. */
export class SideUnread extends Error {
  readonly side: 'provider' | 'subscriber';

  constructor(side: SideUnread['side'], cause: unknown) {
    super(`the ${side} could not be read`, { cause });
    this.side = side;
  }
}

interface ReadSide {
  readonly session: Session;
  readonly request: SumRequest;
}

type Hashes = AsyncGenerator<RowHash, void, undefined>;

interface RowHash {
  readonly key: string;
  readonly hash: bigint;
}

/** Without a key, by all columns that are compared. */
async function* hashesOf({ session, request }: ReadSide, key: readonly string[], side: SideUnread['side']): Hashes {
  const columns = key.length === 0 ? request.columns : request.columns.filter(({ name }) => key.includes(name));
  // Hexadecimal digits, in the order that JavaScript compares them in.
  const query = `select r.key, r.hash from (
  select ${keyHash(columns)} as key, ${hashOf(textOf(request.columns), request.hash)} as hash
 from ${rowsOf(request)}) r
 order by r.key collate "C", r.hash`;
  let cut = '';
  try {
    for await (const piece of session.copyOut(`copy (${query}) to stdout`)) {
      const lines = (cut + (piece as Buffer).toString('latin1')).split('\n');
      cut = lines.pop() ?? '';
      for (const line of lines) {
        const tab = line.indexOf('\t');
        yield { key: line.slice(0, tab), hash: BigInt(line.slice(tab + 1)) };
      }
    }
  } catch (error) {
    throw new SideUnread(side, error);
  }
}

interface RunningSum {
  rows: bigint;
  total: bigint;
}

function emptySum(): RunningSum {
  return { rows: 0n, total: 0n };
}

function addTo(sum: RunningSum, hash: bigint): void {
  sum.rows += 1n;
  sum.total += hash;
}

function sumOf({ rows, total }: RunningSum): TableSum {
  return { rows, checksum: foldTotal(total) };
}
