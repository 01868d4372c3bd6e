import { Transform, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Session } from '../db/session.ts';

export interface Moved {
  rows: number;
  bytes: number;
}

/** Moves rows from one COPY to another, counting them on the way. `moved` grows while it runs. */
export async function copyPipe(
  from: Session,
  to: Session,
  texts: { readonly out: string; readonly into: string; readonly binary: boolean },
  moved: Moved,
  signal: AbortSignal,
): Promise<void> {
  const count = texts.binary ? binaryCounter() : textCounter();
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      moved.bytes += chunk.length;
      moved.rows += count(chunk);
      done(null, chunk);
    },
  });
  await pipeline(from.copyOut(texts.out), meter, to.copyIn(texts.into), { signal });
}

/** In the text form each line is a row: a line's end inside a value is written as `\n`. */
function textCounter(): (chunk: Buffer) => number {
  return (chunk) => {
    let rows = 0;
    for (let at = chunk.indexOf(0x0a); at >= 0; at = chunk.indexOf(0x0a, at + 1)) rows += 1;
    return rows;
  };
}

/** Steps over the binary form: a header of 19 bytes, then per row a count of fields and each field with its length. */
function binaryCounter(): (chunk: Buffer) => number {
  let skip = 19;
  let fields = 0;
  let rest: Buffer | undefined;
  return (chunk) => {
    const data = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
    rest = undefined;
    let rows = 0;
    let at = 0;
    for (;;) {
      const step = Math.min(skip, data.length - at);
      at += step;
      skip -= step;
      if (skip > 0) return rows;
      const wanted = fields === 0 ? 2 : 4;
      if (data.length - at < wanted) {
        rest = at < data.length ? data.subarray(at) : undefined;
        return rows;
      }
      if (fields === 0) {
        const count = data.readInt16BE(at);
        at += 2;
        if (count < 0) return rows;
        rows += 1;
        fields = count;
      } else {
        skip = Math.max(0, data.readInt32BE(at));
        at += 4;
        fields -= 1;
      }
    }
  };
}
