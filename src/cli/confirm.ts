import { createInterface } from 'node:readline/promises';

/** Asks on the terminal; only the whole word counts. False at once where nobody is there to answer. */
export async function confirm(question: string, signal?: AbortSignal, word = 'yes'): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const stop = new AbortController();
  // Ctrl-C and Ctrl-D are a no as well.
  terminal.once('SIGINT', () => stop.abort());
  terminal.once('close', () => stop.abort());
  signal?.addEventListener('abort', () => stop.abort(), { once: true });
  try {
    return (await terminal.question(question, { signal: stop.signal })).trim() === word;
  } catch (error) {
    if (stop.signal.aborted) return false;
    throw error;
  } finally {
    terminal.close();
  }
}
