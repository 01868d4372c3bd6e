import { Readable } from 'node:stream';
import type pg from 'pg';
import { CopyFrames } from './copy-frames.ts';
import type { CopyRun } from './copy-relay.ts';

const errorResponse = 0x45;

/** Rows of which the reader has seen a part are counted as taken. */
export type CopyStream = Readable & CopyRun;

/** What `COPY … TO STDOUT` sends, in pieces as the socket gave them. */
class CopyOut extends Readable implements CopyRun, pg.Submittable {
  readonly #text: string;
  readonly #frames = new CopyFrames();
  #connection: pg.Connection | undefined;
  #handler: ((chunk: Buffer) => void) | undefined;
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

  get messages(): number {
    return this.#frames.messages;
  }

  get bytes(): number {
    return this.#frames.bytes;
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

  #take(chunk: Buffer): void {
    const { rows, rest } = this.#frames.take(chunk);
    if (rows.length > 0 && !this.#dropping) this.#wanted = this.push(rows);
    if (rest !== undefined) this.#detach(rest);
  }

  /** The driver reads on: the end of the rows, or the error that ended them. */
  #detach(rest: Buffer): void {
    const stream = this.#connection?.stream;
    const handler = this.#handler;
    this.#connection = undefined;
    if (stream === undefined || handler === undefined) return;
    stream.removeListener('readable', this.#readMore);
    stream.addListener('data', handler);
    if (rest[0] !== errorResponse) this.push(null);
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
