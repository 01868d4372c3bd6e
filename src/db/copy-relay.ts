import type { Writable } from 'node:stream';
import type pg from 'pg';
import { CopyFrames } from './copy-frames.ts';
import { takeOver } from './lending-socket.ts';

/** What was taken from the server so far. */
export interface CopyRun {
  /** One for each row, and in the binary form one for its end. */
  readonly messages: number;
  readonly bytes: number;
  /** Whoever reads waits for the server, and not the other way round. */
  readonly starved: boolean;
}

/** Hands on what `COPY … TO STDOUT` sends: each piece is written before the next is read. */
class CopyRelay implements CopyRun, pg.Submittable {
  readonly #text: string;
  readonly #into: Writable;
  readonly #frames = new CopyFrames();
  #writing = false;
  #over = false;

  constructor(text: string, into: Writable) {
    this.#text = text;
    this.#into = into;
  }

  get messages(): number {
    return this.#frames.messages;
  }

  get bytes(): number {
    return this.#frames.bytes;
  }

  get starved(): boolean {
    return !this.#writing && !this.#over;
  }

  submit(connection: pg.Connection): void {
    const { stream } = connection;
    const { reader, giveBack } = takeOver(stream, (piece) => {
      const { rows, rest } = this.#frames.take(piece);
      // Nobody wants them any more.
      const wanted = rows.length > 0 && !this.#into.destroyed;
      if (wanted) {
        this.#writing = true;
        this.#into.write(rows, () => {
          this.#writing = false;
          stream.resume();
        });
      }
      if (rest !== undefined) {
        this.#over = true;
        giveBack();
        reader(Buffer.from(rest));
      }
      return !wanted;
    });
    connection.query(this.#text);
  }

  // What the driver calls on a query it runs.

  handleError(error: Error): void {
    this.#over = true;
    this.#into.destroy(error);
  }

  handleCommandComplete(): void {
    this.#into.end();
  }

  handleCopyData(): void {}

  handleReadyForQuery(): void {}
}

export function relayInto(into: Writable, text: string): CopyRun & pg.Submittable {
  return new CopyRelay(text, into);
}
