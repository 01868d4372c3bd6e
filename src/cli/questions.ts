import { createInterface } from 'node:readline/promises';

/** Asks one thing after the other; an empty answer takes what stands in brackets. */
export interface Questions extends Disposable {
  /** `fault` says what is wrong with an answer: then it is asked again. */
  ask(question: string, preset: string, fault?: (answer: string) => string | undefined): Promise<string>;
}

export function someoneIsThere(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** Ctrl-C and Ctrl-D end the whole command, as they do where nothing is asked. */
export function openQuestions(signal: AbortSignal): Questions {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const end = () => {
    if (!signal.aborted) process.emit('SIGINT');
  };
  const read = async (text: string) => {
    try {
      return (await terminal.question(text, { signal })).trim();
    } catch (error) {
      // Of Ctrl-D the question hears first.
      if (error instanceof Error && error.name === 'AbortError') end();
      throw error;
    }
  };
  terminal.once('SIGINT', end);
  terminal.once('close', end);
  return {
    async ask(question, preset, fault = () => undefined) {
      for (;;) {
        const said = await read(`${question} [${preset}]: `);
        const answer = said === '' ? preset : said;
        const wrong = fault(answer);
        if (wrong === undefined) return answer;
        process.stderr.write(`${wrong}\n`);
      }
    },
    [Symbol.dispose]() {
      terminal.removeListener('close', end);
      terminal.close();
    },
  };
}
