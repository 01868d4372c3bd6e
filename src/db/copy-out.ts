import { Readable } from 'node:stream';
import type pg from 'pg';

const copyData = 0x64;
const errorResponse = 0x45;
/** Messages that may come before and among the rows: the answer to COPY, notices, settings, notifications. */
const passedOver = new Set([0x48, 0x4e, 0x53, 0x41]);
const headerLength = 5;

/** What was taken from the server so far, rows of which the reader has seen a part included. */
export interface CopyStream extends Readable {
  /** One for each row, and in the binary form one for its end. */
  readonly messages: number;
  readonly bytes: number;
  /** Whoever reads waits for the server, and not the other way round. */
  readonly starved: boolean;
}

/**
 * What `COPY … TO STDOUT` sends, in pieces as the socket gave them. Each row comes as a message of its own; their heads
 * are taken out in place, since an object for each row would cost more than all a worker does with it.
 */
class CopyOut extends Readable implements CopyStream, pg.Submittable {
  messages = 0;
  bytes = 0;
  readonly #text: string;
  #connection: pg.Connection | undefined;
  #handler: ((chunk: Buffer) => void) | undefined;
  /** A head that was cut off by the end of a piece. */
  #cut: Buffer | undefined;
  /** Bytes of the message in hand that are still to come, and whether they are rows. */
  #left = 0;
  #rows = false;
  #wanted = false;
  /** Nobody reads on: what still comes is thrown away. */
  #dropping = false;

  constructor(text: string) {
    super();
    this.#text = text;
  }

  submit(connection: pg.Connection): void {
    this.#connection = connection;
    const { stream } = connection;
    // The driver's own reader steps aside until the rows are through.
    const [handler] = stream.listeners('data');
    this.#handler = handler as (chunk: Buffer) => void;
    stream.removeListener('data', this.#handler);
    stream.pause();
    stream.on('readable', this.#readMore);
    connection.query(this.#text);
  }

  get starved(): boolean {
    return this.#wanted && this.#connection !== undefined;
  }

  override _read(): void {
    this.#wanted = true;
    this.#readMore();
  }

  /** Until the last row is read off the connection, it answers no other statement. */
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#dropping = true;
    this.#wanted = true;
    this.#readMore();
    done(error);
  }

  readonly #readMore = (): void => {
    while (this.#wanted && this.#connection !== undefined) {
      const chunk = this.#connection.stream.read() as Buffer | null;
      if (chunk === null) return;
      this.#take(chunk);
    }
  };

  #take(fresh: Buffer): void {
    const chunk = this.#cut === undefined ? fresh : Buffer.concat([this.#cut, fresh]);
    this.#cut = undefined;
    let kept = 0;
    for (let at = 0; at < chunk.length; ) {
      if (this.#left === 0) {
        const code = chunk[at] as number;
        if (code !== copyData && !passedOver.has(code)) {
          this.#give(chunk, kept);
          this.#detach(chunk.subarray(at), code);
          return;
        }
        if (chunk.length - at < headerLength) {
          this.#cut = Buffer.from(chunk.subarray(at));
          break;
        }
        this.#left = chunk.readUInt32BE(at + 1) - 4;
        this.#rows = code === copyData;
        if (this.#rows) {
          this.messages += 1;
          this.bytes += this.#left;
        }
        at += headerLength;
      }
      const end = Math.min(chunk.length, at + this.#left);
      this.#left -= end - at;
      if (this.#rows) {
        chunk.copyWithin(kept, at, end);
        kept += end - at;
      }
      at = end;
    }
    this.#give(chunk, kept);
  }

  #give(chunk: Buffer, kept: number): void {
    if (kept > 0 && !this.#dropping) this.#wanted = this.push(chunk.subarray(0, kept));
  }

  /** The driver reads on: the end of the rows, or the error that ended them. */
  #detach(rest: Buffer, code: number): void {
    const stream = this.#connection?.stream;
    const handler = this.#handler;
    this.#connection = undefined;
    if (stream === undefined || handler === undefined) return;
    stream.removeListener('readable', this.#readMore);
    stream.addListener('data', handler);
    if (code !== errorResponse) this.push(null);
    handler(Buffer.from(rest));
    // Having paused it by hand, and perhaps again in its listener, only the next turn can set it going.
    process.nextTick(() => stream.resume());
  }

  // What the driver calls on a query it runs.

  handleError(error: Error): void {
    this.destroy(error);
  }

  handleCommandComplete(): void {}

  handleCopyData(): void {}

  handleReadyForQuery(): void {}
}

export function copyOutOf(text: string): CopyStream & pg.Submittable {
  return new CopyOut(text);
}
