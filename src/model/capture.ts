/** What a root's triggers do with the changes of a table, beside telling of each; undefined is as usual. */
export interface CaptureOptions {
  /** Columns that stay out of events; an update of these alone is none. */
  readonly ignore: readonly string[] | undefined;
  /** SQL over the row: a change is told only where it is true. */
  readonly when: string | undefined;
  /** The row as it was goes along with an update, in `ev_extra2`. */
  readonly oldRow: boolean | undefined;
  /** SQL over the row whose text goes along. */
  readonly extra2: string | undefined;
  readonly extra3: string | undefined;
  readonly extra4: string | undefined;
  readonly operations: readonly RowOperation[] | undefined;
  readonly format: EventFormat | undefined;
}

export const rowOperations = ['insert', 'update', 'delete'] as const;
export type RowOperation = (typeof rowOperations)[number];

export const eventFormats = ['json', 'url', 'sql'] as const;
export type EventFormat = (typeof eventFormats)[number];

export const usualCapture: CaptureOptions = {
  ignore: undefined,
  when: undefined,
  oldRow: undefined,
  extra2: undefined,
  extra3: undefined,
  extra4: undefined,
  operations: undefined,
  format: undefined,
};

/** What a later rule leaves unsaid stays. */
export function refineCapture(before: CaptureOptions, rule: CaptureOptions): CaptureOptions {
  return {
    ignore: rule.ignore ?? before.ignore,
    when: rule.when ?? before.when,
    oldRow: rule.oldRow ?? before.oldRow,
    extra2: rule.extra2 ?? before.extra2,
    extra3: rule.extra3 ?? before.extra3,
    extra4: rule.extra4 ?? before.extra4,
    operations: rule.operations ?? before.operations,
    format: rule.format ?? before.format,
  };
}

/** Makes a trigger keep the row from being written: its insert is an event and nothing else. */
const skip = 'SKIP';
const backup = 'backup';
const flagsPrefix = 'tgflags=';
const formatLetters: Readonly<Record<EventFormat, string>> = { json: 'J', url: 'L', sql: 'Q' };

/** As Londiste's calls take them. */
export function captureOptionArgs(options: CaptureOptions, queueTable: boolean): readonly string[] {
  const flags = [
    // Who would suppress a row has to come before it.
    ...(queueTable ? ['B', 'I'] : (options.operations ?? []).map((operation) => operation.charAt(0).toUpperCase())),
    ...(options.format === undefined ? [] : [formatLetters[options.format]]),
  ];
  return [
    ...(flags.length === 0 ? [] : [`${flagsPrefix}${flags.join('')}`]),
    ...(options.ignore === undefined ? [] : [`ignore=${options.ignore.join(',')}`]),
    ...(options.when === undefined ? [] : [`when=${options.when}`]),
    ...(options.oldRow === true ? [backup] : []),
    ...(options.extra2 === undefined ? [] : [`ev_extra2=${options.extra2}`]),
    ...(options.extra3 === undefined ? [] : [`ev_extra3=${options.extra3}`]),
    ...(options.extra4 === undefined ? [] : [`ev_extra4=${options.extra4}`]),
    ...(queueTable ? [skip] : []),
  ];
}

/** What Londiste's calls are asked for by `args`; undefined parts are left to them. */
export interface AskedCapture {
  readonly options: readonly string[];
  readonly operations: readonly RowOperation[];
  readonly format: EventFormat | undefined;
}

export function askedCapture(args: readonly string[]): AskedCapture {
  const flags = args
    .filter((arg) => arg.startsWith(flagsPrefix))
    .join('')
    .slice(flagsPrefix.length);
  const named = rowOperations.filter((operation) => flags.includes(operation.charAt(0).toUpperCase()));
  return {
    options: captureOptions(args),
    operations: named.length === 0 ? rowOperations : named,
    format: eventFormats.find((format) => flags.includes(formatLetters[format])),
  };
}

/** Of the arguments of a trigger, those that a file can ask for here, each in one form. */
export function captureOptions(args: readonly string[]): readonly string[] {
  return args.filter(isCaptureOption).map((arg) => {
    if (!arg.startsWith('ignore=')) return arg;
    const names = arg.slice('ignore='.length).split(',');
    return `ignore=${names
      .map((name) => name.trim())
      .sort()
      .join(',')}`;
  });
}

export function isCaptureOption(arg: string): boolean {
  return arg === skip || arg === backup || /^(ignore|when|ev_extra[234])=/s.test(arg);
}

/** The triggers of rows that a table has on its root, as one. */
export interface FoundCapture {
  readonly args: readonly string[];
  readonly operations: readonly RowOperation[];
  readonly format: EventFormat | undefined;
}

/** Whether nothing is written to the table itself. */
export function suppressesRows({ args }: Pick<FoundCapture, 'args'>): boolean {
  return args.includes(skip);
}

/** In the words of a file. What Londiste takes without being told is left unsaid. */
export function foundOptions(found: FoundCapture): CaptureOptions {
  const textOf = (key: string) => found.args.find((arg) => arg.startsWith(`${key}=`))?.slice(key.length + 1);
  const operations = rowOperations.filter((operation) => found.operations.includes(operation));
  const all = operations.length === rowOperations.length || operations.length === 0;
  return {
    ignore: textOf('ignore')
      ?.split(',')
      .map((name) => name.trim()),
    when: textOf('when'),
    oldRow: found.args.includes(backup) ? true : undefined,
    extra2: textOf('ev_extra2'),
    extra3: textOf('ev_extra3'),
    extra4: textOf('ev_extra4'),
    operations: all || suppressesRows(found) ? undefined : operations,
    format: found.format === 'url' ? undefined : found.format,
  };
}

/** Columns that are named in the place of the primary key. */
export function foundKey({ args }: FoundCapture): readonly string[] | undefined {
  return args
    .find((arg) => arg.startsWith('pkey='))
    ?.slice('pkey='.length)
    .split(',')
    .map((name) => name.trim());
}
