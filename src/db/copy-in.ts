import { Writable } from 'node:stream';
import type pg from 'pg';
import { copyData } from './copy-frames.ts';

const copyDone = Buffer.from([0x63, 0, 0, 0, 4]);

type Done = (error?: Error | null) => void;

/** The driver's connection, with what its types leave out. */
type CopyingConnection = pg.Connection & { sendCopyFail(why: string): void };

/** Takes what `COPY … FROM STDIN` is to read. */
export interface CopyTarget extends Writable {
  /** Known once it has finished. */
  readonly rowCount: number;
}

/**
 * A piece counts as written once the socket has let go of it, and may be used again then; but where so many bytes may be ahead
 * of the socket, only at the end.
 */
class CopyIn extends Writable implements CopyTarget, pg.Submittable {
  rowCount = 0;
  readonly #text: string;
  readonly #ahead: number;
  #connection: CopyingConnection | undefined;
  /** Who waits for the server: until it takes rows, and until it has taken the last, or has heard that none will come. */
  #begun: Done | undefined;
  #ended: Done | undefined;

  constructor(text: string, ahead: number) {
    super();
    this.#text = text;
    this.#ahead = ahead;
  }

  submit(connection: pg.Connection): void {
    this.#connection = connection as CopyingConnection;
    connection.query(this.#text);
  }

  override _construct(done: Done): void {
    this.#begun = done;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    const stream = this.#connection?.stream;
    if (stream === undefined) return;
    const head = Buffer.allocUnsafe(5);
    head[0] = copyData;
    head.writeUInt32BE(chunk.length + 4, 1);
    stream.write(head);
    let gone = false;
    // Why a connection was lost the driver knows better.
    stream.write(chunk, (error) => (error != null || gone ? undefined : done()));
    gone = stream.writableLength <= this.#ahead;
    if (gone) done();
  }

  /** Small pieces, which have come while the last was written, make one message. */
  override _writev(pieces: readonly { readonly chunk: Buffer }[], done: Done): void {
    this._write(Buffer.concat(pieces.map(({ chunk }) => chunk)), 'binary', done);
  }

  override _final(done: Done): void {
    this.#ended = done;
    this.#connection?.stream.write(copyDone);
  }

  /** The server answers that it has undone the COPY; until then the connection is of no use. */
  override _destroy(error: Error | null, done: Done): void {
    if (this.#connection === undefined || this.#ended !== undefined) {
      done(error);
      return;
    }
    this.#ended = () => done(error);
    this.#connection.sendCopyFail(error?.message ?? 'ended before its last row');
  }

  // What the driver calls on a query it runs.

  handleCopyInResponse(): void {
    this.#begun?.();
    this.#begun = undefined;
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.rowCount = Number(/^COPY (\d+)/.exec(text)?.[1] ?? 0);
  }

  handleReadyForQuery(): void {
    this.#ended?.();
  }

  handleError(error: Error): void {
    this.#connection = undefined;
    if (this.#begun !== undefined) this.#begun(error);
    else if (this.destroyed) this.#ended?.();
    else this.destroy(error);
    this.#begun = undefined;
  }
}

export function copyInto(text: string, ahead: number): CopyTarget & pg.Submittable {
  return new CopyIn(text, ahead);
}
