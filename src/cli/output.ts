import { fstatSync, writeSync } from 'node:fs';
import { ToolError } from '../model/problem.ts';

type Output = Pick<NodeJS.WriteStream, 'write'> & { readonly fd?: number; readonly isTTY?: boolean };

/**
 * Node's stream on a file takes nothing any more once a write has failed, as on a full disk, and keeps all that comes in
 * memory. So files are written to directly: what comes when there is room again gets through.
 */
export function writeOut(stream: Output, text: string): void {
  const { fd } = stream;
  if (fd === undefined || stream.isTTY === true || !isFile(fd)) {
    stream.write(text);
    return;
  }
  const bytes = Buffer.from(text);
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
  } catch (error) {
    const file = fd === 1 ? 'standard output' : 'standard error';
    throw new ToolError([{ code: 'output_unwritable', file, detail: (error as Error).message }], { cause: error });
  }
}

/** For what is told along the way: where it can not be written, what is told of goes on. */
export function tell(stream: Output, text: string): void {
  try {
    writeOut(stream, text);
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
  }
}

const files = new Map<number, boolean>();

function isFile(fd: number): boolean {
  const known = files.get(fd);
  if (known !== undefined) return known;
  const found = looksLikeFile(fd);
  files.set(fd, found);
  return found;
}

function looksLikeFile(fd: number): boolean {
  try {
    const status = fstatSync(fd);
    return !status.isFIFO() && !status.isSocket();
  } catch {
    return false;
  }
}
