/** A message with rows, in either direction. */
export const copyData = 0x64;
/** Messages that may come before and among the rows: the answer to COPY, notices, settings, notifications. */
const passedOver = new Set([0x48, 0x4e, 0x53, 0x41]);
const headerLength = 5;

/** What was taken from the server so far. */
export interface CopyRun {
  /** One for each row, and in the binary form one for its end. */
  readonly messages: number;
  readonly bytes: number;
  /** Whoever reads waits for the server, and not the other way round. */
  readonly starved: boolean;
}

/** What a piece of the server's answer had in it. */
interface TakenRows {
  readonly rows: Buffer;
  /** From the first message after the rows on. */
  readonly rest: Buffer | undefined;
}

/**
 * Takes the heads out of what `COPY … TO STDOUT` sends, in place. Each row comes as a message of its own, and an object for
 * each would cost more than all a worker does with it.
 */
export class CopyFrames {
  messages = 0;
  bytes = 0;
  /** A head that was cut off by the end of a piece. */
  #cut: Buffer | undefined;
  /** Bytes of the message in hand that are still to come, and whether they are rows. */
  #left = 0;
  #rows = false;

  take(fresh: Buffer): TakenRows {
    const chunk = this.#cut === undefined ? fresh : Buffer.concat([this.#cut, fresh]);
    this.#cut = undefined;
    // Fields are dear in a loop that goes by rows.
    let [left, rows, messages, bytes, kept, at] = [this.#left, this.#rows, 0, 0, 0, 0];
    let rest: Buffer | undefined;
    while (at < chunk.length) {
      if (left === 0) {
        const code = chunk[at] as number;
        rows = code === copyData;
        if (!rows && !passedOver.has(code)) {
          rest = chunk.subarray(at);
          break;
        }
        if (chunk.length - at < headerLength) {
          this.#cut = Buffer.from(chunk.subarray(at));
          break;
        }
        left = chunk.readUInt32BE(at + 1) - 4;
        if (rows) {
          messages += 1;
          bytes += left;
        }
        at += headerLength;
      }
      const end = Math.min(chunk.length, at + left);
      left -= end - at;
      if (rows) {
        chunk.copyWithin(kept, at, end);
        kept += end - at;
      }
      at = end;
    }
    this.#left = left;
    this.#rows = rows;
    this.messages += messages;
    this.bytes += bytes;
    return { rows: chunk.subarray(0, kept), rest };
  }
}
