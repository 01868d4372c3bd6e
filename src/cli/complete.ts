/** One thing that may stand next, and what it means. */
export interface Candidate {
  readonly value: string;
  readonly about?: string | undefined;
}

/** Tells the shell to complete the name of a file. */
export const filesMarker = ':files';

export interface CompleteOptions {
  /** What stands after the program's name, up to the cursor: the last word is the one to complete, and may be empty. */
  readonly words: readonly string[];
  readonly commands: Readonly<Record<string, CommandLike>>;
  /** Names of a kind in the files that the words name. */
  readonly names: (files: readonly string[]) => Promise<Readonly<Record<string, readonly string[]>>>;
}

export interface CommandLike {
  readonly summary?: string | undefined;
  readonly hidden?: boolean | undefined;
  readonly flags?: object | undefined;
  readonly args?: object | undefined;
}

type FlagLike = {
  readonly type?: string;
  readonly char?: string;
  readonly options?: readonly string[];
  readonly summary?: string;
  readonly description?: string;
  readonly hidden?: boolean;
  readonly allowNo?: boolean;
  readonly multiple?: boolean;
  readonly delimiter?: string;
};

/** Everything that fits the last word. */
export async function complete(options: CompleteOptions): Promise<readonly Candidate[]> {
  const words = joinedAtEquals(options.words);
  const current = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const [id, rest] = commandOf(before, options.commands);
  if (id === undefined) return matching(commandWords(before, options.commands), current);
  const command = options.commands[id];
  if (command === undefined) return [];
  const flags = (command.flags ?? {}) as Readonly<Record<string, FlagLike>>;
  const files = valuesOf(rest, flags.file, 'file');
  const values = async (kind: string): Promise<readonly Candidate[]> => {
    const known = await options.names(files.length === 0 ? ['trunkline.yaml'] : files);
    const found = known[kind];
    return found === undefined ? [{ value: filesMarker }] : found.map((value) => ({ value }));
  };
  const equals = /^--([a-z-]+)=(.*)$/s.exec(current);
  if (equals !== null) return flagValue(equals[1] ?? '', equals[2] ?? '', flags, values, `--${equals[1]}=`);
  const waiting = flagNamed(before.at(-1) ?? '', flags);
  if (waiting !== undefined && flags[waiting]?.type !== 'boolean')
    return flagValue(waiting, current, flags, values, '');
  if (current.startsWith('-')) return matching(flagWords(flags), current);
  const [arg] = Object.entries(command.args ?? {});
  if (arg === undefined) return matching(flagWords(flags), current);
  const [name, { options: among }] = arg as [string, { readonly options?: readonly string[] }];
  const candidates = among === undefined ? await values(name) : among.map((value) => ({ value }));
  return matching(candidates, current);
}

async function flagValue(
  name: string,
  current: string,
  flags: Readonly<Record<string, FlagLike>>,
  values: (kind: string) => Promise<readonly Candidate[]>,
  prefix: string,
): Promise<readonly Candidate[]> {
  const flag = flags[name];
  if (flag === undefined) return [];
  // Of a list, the part behind the last comma is being typed.
  const comma = flag.delimiter === undefined ? -1 : current.lastIndexOf(flag.delimiter);
  const typed = current.slice(0, comma + 1);
  const candidates = flag.options === undefined ? await values(name) : flag.options.map((value) => ({ value }));
  return matching(candidates, current.slice(comma + 1)).map((candidate) =>
    candidate.value === filesMarker ? candidate : { ...candidate, value: `${prefix}${typed}${candidate.value}` },
  );
}

/** Bash takes an equals sign for a word of its own. */
function joinedAtEquals(words: readonly string[]): readonly string[] {
  const joined: string[] = [];
  for (const word of words) {
    const last = joined.at(-1);
    if (last !== undefined && /^--[a-z-]+$/.test(last) && word === '=') joined[joined.length - 1] = `${last}=`;
    else if (last !== undefined && /^--[a-z-]+=$/.test(last)) joined[joined.length - 1] = `${last}${word}`;
    else joined.push(word);
  }
  return joined;
}

/** The command that the words begin with; undefined while it is not complete. */
function commandOf(
  words: readonly string[],
  commands: CompleteOptions['commands'],
): readonly [id: string | undefined, rest: readonly string[]] {
  for (const length of [2, 1]) {
    const id = words.slice(0, length).join(':');
    if (words.length >= length && Object.hasOwn(commands, id)) return [id, words.slice(length)];
  }
  return [undefined, words];
}

function commandWords(before: readonly string[], commands: CompleteOptions['commands']): readonly Candidate[] {
  const prefix = before.map((word) => `${word}:`).join('');
  const words = new Map<string, string | undefined>();
  for (const [id, command] of Object.entries(commands)) {
    if (command.hidden === true || !id.startsWith(prefix)) continue;
    const [word = '', ...more] = id.slice(prefix.length).split(':');
    if (!words.has(word)) words.set(word, more.length === 0 ? command.summary : undefined);
  }
  return [...words].map(([value, about]) => ({ value, about }));
}

function flagWords(flags: Readonly<Record<string, FlagLike>>): readonly Candidate[] {
  return Object.entries(flags).flatMap(([name, flag]) => {
    if (flag.hidden === true) return [];
    const about = flag.summary ?? flag.description;
    return [{ value: `--${name}`, about }, ...(flag.allowNo === true ? [{ value: `--no-${name}`, about }] : [])];
  });
}

function flagNamed(word: string, flags: Readonly<Record<string, FlagLike>>): string | undefined {
  return Object.entries(flags).find(([name, { char }]) => word === `--${name}` || word === `-${char}`)?.[0];
}

function valuesOf(words: readonly string[], flag: FlagLike | undefined, name: string): readonly string[] {
  return words.flatMap((word, index) => {
    if (word.startsWith(`--${name}=`)) return [word.slice(name.length + 3)];
    const value = words[index + 1];
    return (word === `--${name}` || word === `-${flag?.char}`) && value !== undefined ? [value] : [];
  });
}

function matching(candidates: readonly Candidate[], current: string): readonly Candidate[] {
  return candidates.filter(({ value }) => value === filesMarker || value.startsWith(current));
}
