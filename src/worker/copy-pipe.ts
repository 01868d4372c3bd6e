import { addAbortSignal } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { CopyRun } from '../db/copy-frames.ts';
import type { Session } from '../db/session.ts';

/** The two ends of one stream of rows. */
export interface CopyTexts {
  readonly out: string;
  readonly into: string;
}

/** What all streams of a copy have moved so far, and those that still do. */
export class CopyMeter {
  #rows = 0;
  #bytes = 0;
  readonly #running = new Set<CopyRun>();

  get rows(): number {
    return [...this.#running].reduce((sum, { messages }) => sum + messages, this.#rows);
  }

  get bytes(): number {
    return [...this.#running].reduce((sum, { bytes }) => sum + bytes, this.#bytes);
  }

  /** Moves rows from one COPY to another. The servers know how many they were: nothing is looked into on the way. */
  async pipe(from: Session, to: Session, texts: CopyTexts, signal: AbortSignal): Promise<void> {
    const into = addAbortSignal(signal, to.copyIn(texts.into));
    const out = from.relay(texts.out, into);
    this.#running.add(out);
    try {
      await finished(into);
      this.#rows += into.rowCount;
    } catch (error) {
      // What is left of a large table would have to be read before the connection is of use again.
      from.abandon();
      throw error;
    } finally {
      this.#running.delete(out);
      this.#bytes += out.bytes;
    }
  }
}
