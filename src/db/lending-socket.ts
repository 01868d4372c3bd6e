import { type ConnectOpts, Socket, type SocketConstructorOpts } from 'node:net';
import type { Duplex } from 'node:stream';

/** Says whether more may come at once; if not, `resume` of the socket asks for more. */
type Taker = (piece: Buffer) => boolean;

/** As much as one read gives at most. */
const bufferBytes = 256 * 1024;

const lending = new WeakMap<Duplex, { taker: Taker | undefined }>();

/**
 * A socket that reads into one and the same buffer. Where each read makes a buffer of its own, a process that moves some
 * hundred megabytes a second spends as much on clearing those away as on moving them.
 */
export function lendingSocket(): Socket {
  const state: { taker: Taker | undefined } = { taker: undefined };
  const buffer = Buffer.allocUnsafeSlow(bufferBytes);
  const options: SocketConstructorOpts & ConnectOpts = {
    onread: {
      buffer,
      callback(count) {
        const piece = buffer.subarray(0, count);
        return state.taker === undefined ? socket.push(Buffer.from(piece)) : state.taker(piece);
      },
    },
  };
  const socket = new Socket(options);
  lending.set(socket, state);
  return socket;
}

interface TakenOver {
  readonly reader: (piece: Buffer) => void;
  /** Its pieces are good until more is asked for. */
  readonly lends: boolean;
  giveBack(): void;
}

/** What comes goes to the taker in place of the driver's reader. */
export function takeOver(stream: Duplex, taker: Taker): TakenOver {
  const [reader] = stream.listeners('data') as [(piece: Buffer) => void];
  const state = lending.get(stream);
  if (state !== undefined) {
    state.taker = taker;
    return {
      reader,
      lends: true,
      giveBack() {
        state.taker = undefined;
      },
    };
  }
  const take = (piece: Buffer): void => {
    if (!taker(piece)) stream.pause();
  };
  stream.removeListener('data', reader);
  stream.addListener('data', take);
  return {
    reader,
    lends: false,
    giveBack() {
      stream.removeListener('data', take);
      stream.addListener('data', reader);
    },
  };
}
