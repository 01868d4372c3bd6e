import { Readable, type Writable } from 'node:stream';
import type pg from 'pg';
import { CopyFrames, type CopyRun } from './copy-frames.ts';
import { takeOver } from './lending-socket.ts';

/** Who takes what `COPY … TO STDOUT` sends. */
interface RowTaker {
  /** Says whether more may come at once; if not, `more` asks for it. A lent piece is good until then. */
  take(rows: Buffer, lent: boolean): boolean;
  end(): unknown;
  destroy(error: Error): unknown;
}

/** A `COPY … TO STDOUT` that runs. */
class CopyRows implements CopyRun, pg.Submittable {
  readonly #text: string;
  readonly #taker: RowTaker;
  readonly #frames = new CopyFrames();
  #stream: pg.Connection['stream'] | undefined;
  #held = false;
  #over = false;

  constructor(text: string, taker: RowTaker) {
    this.#text = text;
    this.#taker = taker;
  }

  get messages(): number {
    return this.#frames.messages;
  }

  get bytes(): number {
    return this.#frames.bytes;
  }

  get starved(): boolean {
    return !this.#held && !this.#over;
  }

  /** What was not held must stay as it is: it may be the next statement that holds the connection. */
  more(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#stream?.resume();
  }

  submit(connection: pg.Connection): void {
    const { stream } = connection;
    this.#stream = stream;
    const { reader, lends, giveBack } = takeOver(stream, (piece) => {
      const { rows, rest } = this.#frames.take(piece);
      if (rows.length > 0) this.#held = !this.#taker.take(rows, lends);
      if (rest !== undefined) {
        // The driver reads on: the end of the rows, or the error that ended them.
        giveBack();
        reader(Buffer.from(rest));
      }
      return !this.#held;
    });
    connection.query(this.#text);
  }

  // What the driver calls on a query it runs.

  handleError(error: Error): void {
    this.#over = true;
    this.#taker.destroy(error);
  }

  handleCommandComplete(): void {
    this.#over = true;
    this.#taker.end();
  }

  handleCopyData(): void {}

  handleReadyForQuery(): void {}
}

/** The rows, in pieces as the socket gave them. */
export class CopyOut extends Readable {
  readonly run: CopyRows;

  constructor(text: string) {
    super();
    this.run = new CopyRows(text, {
      take: (rows, lent) => this.destroyed || this.push(lent ? Buffer.from(rows) : rows),
      end: () => this.push(null),
      destroy: (error) => this.destroy(error),
    });
  }

  /** Rows of which the reader has seen a part are counted as taken. */
  get bytes(): number {
    return this.run.bytes;
  }

  override _read(): void {
    this.run.more();
  }

  /** Until the last row is read off the connection, it answers no other statement: what still comes is thrown away. */
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.run.more();
    done(error);
  }
}

/** Hands on the rows: each piece is written before the next is read. */
export function relayInto(into: Writable, text: string): CopyRun & pg.Submittable {
  const run = new CopyRows(text, {
    take(rows) {
      // Nobody wants them any more.
      if (into.destroyed) return true;
      into.write(rows, () => run.more());
      return false;
    },
    end: () => into.end(),
    destroy: (error) => into.destroy(error),
  });
  return run;
}
