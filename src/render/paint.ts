import { Chalk, type ColorSupportLevel } from 'chalk';

/** Emphasis by meaning. Every mark, word or sign also stands in the text, so nothing is lost without colour. */
export interface Paint {
  readonly created: Brush;
  readonly changed: Brush;
  readonly removed: Brush;
  readonly replaced: Brush;
  readonly failed: Brush;
  readonly warned: Brush;
  readonly done: Brush;
  readonly strong: Brush;
  readonly faint: Brush;
}

export type Brush = (text: string) => string;

export interface ColourAsked {
  /** `--color` or `--no-color`; undefined when neither is given. */
  readonly flag: boolean | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The stream that is written to is a terminal. */
  readonly terminal: boolean;
}

export function wantsColour({ flag, env, terminal }: ColourAsked): boolean {
  if (flag !== undefined) return flag;
  const forced = env.FORCE_COLOR;
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  if ((env.NO_COLOR ?? '') !== '') return false;
  return terminal && env.TERM !== 'dumb';
}

export function paintWith(colour: boolean): Paint {
  const level: ColorSupportLevel = colour ? 1 : 0;
  const chalk = new Chalk({ level });
  return {
    created: chalk.green,
    changed: chalk.yellow,
    removed: chalk.red,
    replaced: chalk.magenta,
    failed: chalk.red.bold,
    warned: chalk.yellow,
    done: chalk.green,
    strong: chalk.bold,
    faint: chalk.dim,
  };
}
