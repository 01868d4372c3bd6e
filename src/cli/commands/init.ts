import { existsSync } from 'node:fs';
import { Args, Flags } from '@oclif/core';
import { fitsAsName, type InitOptions, init } from '../../app/init.ts';
import { writeNewFile } from '../../app/write-new-file.ts';
import { readLocation } from '../../model/location-codec.ts';
import type { Problem } from '../../model/problem.ts';
import { describeProblem, problemsText } from '../../render/describe-problem.ts';
import { describeRemark } from '../../render/describe-remark.ts';
import { importedText } from '../../render/imported-text.ts';
import { ToolCommand } from '../base-command.ts';
import { exitCodes } from '../exit-codes.ts';
import { createProgress } from '../progress.ts';
import { openQuestions, someoneIsThere } from '../questions.ts';

export class InitCommand extends ToolCommand {
  static override summary = 'Write a first file, by looking at the database that is to be replicated.';
  static override description =
    'Looks at one database and writes a file by which all its tables, and the sequences that belong to them, go to one leaf. Tables without a key that tells rows apart are left out, with a comment; a unique key over NOT NULL columns is named where there is no primary key. Then it asks the planner what an apply of that file would do, and tells it on standard error. Changes nothing in a database, and never overwrites a file. On a terminal, and without an argument or a flag beside --out, it asks. Status 1 where the planner refuses the file.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> "host=db1 dbname=shop user=repl" --target "host=db2 dbname=shop user=repl"',
    'SHOP_URL=… <%= config.bin %> <%= command.id %> --from-env SHOP_URL --out shop.yaml',
  ];
  static override args = {
    source: Args.string({
      required: false,
      description: "A connection string of the database that is written to. Left out: libpq's environment variables.",
    }),
  };
  static override flags = {
    'from-env': Flags.string({
      helpValue: 'VARIABLE',
      description:
        'Take the connection string from this environment variable: one with a password is then seen by nobody.',
    }),
    target: Flags.string({
      helpValue: 'LOCATION',
      description: 'A connection string of the database that gets the copy. Left out: a server that Trunkline starts.',
    }),
    'target-env': Flags.string({
      helpValue: 'VARIABLE',
      description: 'Take that connection string from this environment variable.',
      exclusive: ['target'],
    }),
    queue: Flags.string({ helpValue: 'QUEUE', description: 'Name of the queue. Left out: that of the database.' }),
    schema: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      default: [],
      helpValue: 'SCHEMA',
      description: 'Tables and sequences of this schema only. May be given more than once. Left out: all schemas.',
    }),
    root: Flags.string({ helpValue: 'NODE', description: 'Name of the root. Left out: root1.' }),
    leaf: Flags.string({ helpValue: 'NODE', description: 'Name of the leaf. Left out: leaf1.' }),
    out: Flags.string({ helpValue: 'FILE', default: 'trunkline.yaml', description: 'Write this file.' }),
  };

  async run(): Promise<void> {
    const { flags, args } = await this.parse(InitCommand);
    const signal = this.stopSignal();
    const { out, color: _, schema, ...others } = flags;
    const said = [args.source, ...schema, ...Object.values(others)].some((one) => one !== undefined);
    const answers = someoneIsThere() && !said ? await this.asked(out, signal) : this.told(flags, args.source);
    const { text, remarks, plan, problems, file } = await this.make(answers, signal);
    await writeNewFile(file, text, undefined);
    this.note(importedText(remarks, plan, this.errorPaint));
    if (plan !== undefined) this.printWarnings(plan.warnings);
    if (problems.length > 0) {
      this.note(problemsText(problems, this.errorPaint));
      this.endWith(exitCodes.failed);
    }
  }

  private async make({ source, choose, file, close }: Answers, signal: AbortSignal) {
    using _ = { [Symbol.dispose]: close };
    const display = createProgress({ stream: process.stderr, paint: this.errorPaint, json: true });
    const made = await init({
      source,
      choose,
      env: process.env,
      report: display.report,
      signal,
      describe: describeRemark,
    }).finally(() => display.stop());
    return { ...made, file };
  }

  private told(flags: Flagged, source: string | undefined): Answers {
    return {
      source: source ?? fromEnvironment(flags['from-env']) ?? '',
      choose: (found) => ({
        target: flags.target ?? fromEnvironment(flags['target-env']),
        queue: flags.queue ?? found.queue,
        root: flags.root ?? presets.root,
        leaf: flags.leaf ?? presets.leaf,
        schemas: flags.schema,
      }),
      file: flags.out,
      close: () => undefined,
    };
  }

  private async asked(out: string, signal: AbortSignal): Promise<Answers> {
    const questions = openQuestions(signal);
    this.note(
      'A connection string may be $VARIABLE, an environment variable that holds it. Enter takes what stands in brackets.',
    );
    const file = await questions.ask('File to write', out, (path) =>
      existsSync(path) ? sentence({ code: 'file_exists', file: path, forcible: false }) : undefined,
    );
    const asPsql = 'as psql would connect';
    const source = await questions.ask('Database that is written to', asPsql, (text) => badLocation(text, asPsql));
    return {
      source: source === asPsql ? '' : locationOf(source),
      choose: async (found) => {
        const embedded = 'a server that Trunkline starts';
        const target = await questions.ask('Database that gets the copy', embedded, (text) =>
          badLocation(text, embedded),
        );
        const every = found.schemas.join(' ');
        const schemas = await questions.ask('Schemas to replicate', every, (text) => {
          const unknown = wordsOf(text).filter((word) => !found.schemas.includes(word));
          return unknown.length === 0
            ? undefined
            : sentence({ code: 'init_schema_unknown', schemas: unknown, known: found.schemas });
        });
        const name = (question: string, preset: string) =>
          questions.ask(question, preset, (text) =>
            fitsAsName(text) ? undefined : sentence({ code: 'init_name_unfit', name: text }),
          );
        return {
          target: target === embedded ? undefined : locationOf(target),
          schemas: schemas === every ? [] : wordsOf(schemas),
          queue: await name('Name of the queue', found.queue),
          root: await name('Name of the root', presets.root),
          leaf: await name('Name of the leaf', presets.leaf),
        };
      },
      file,
      close: () => questions[Symbol.dispose](),
    };
  }
}

const presets = { root: 'root1', leaf: 'leaf1' };

interface Flagged {
  readonly 'from-env'?: string | undefined;
  readonly target?: string | undefined;
  readonly 'target-env'?: string | undefined;
  readonly queue?: string | undefined;
  readonly schema: readonly string[];
  readonly root?: string | undefined;
  readonly leaf?: string | undefined;
  readonly out: string;
}

interface Answers extends Pick<InitOptions, 'source' | 'choose'> {
  readonly file: string;
  readonly close: () => void;
}

function fromEnvironment(variable: string | undefined): string | undefined {
  return variable === undefined ? undefined : (process.env[variable] ?? '');
}

function wordsOf(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}

/** One with a password is not typed where others can read it. */
function locationOf(answer: string): string {
  return answer.startsWith('$') ? (process.env[answer.slice(1)] ?? '') : answer;
}

function badLocation(answer: string, preset: string): string | undefined {
  if (answer === preset) return undefined;
  const location = locationOf(answer);
  return location !== '' && readLocation(location) !== undefined ? undefined : sentence({ code: 'location_invalid' });
}

function sentence(problem: Problem): string {
  const { summary, hint } = describeProblem(problem);
  return hint === undefined ? summary : `${summary} ${hint}`;
}
