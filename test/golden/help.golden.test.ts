import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, Config, Help } from '@oclif/core';
import { expect, test } from 'vitest';
import { COMMANDS } from '../support/commands.ts';

class HelpText extends Help {
  of(command: Command.Loadable): string {
    return this.formatCommand(command);
  }
}

async function helpWriter(): Promise<HelpText> {
  const { oclif, ...pjson } = JSON.parse(readFileSync('package.json', 'utf8'));
  // With its commands left out, oclif does not look for the build.
  const { commands: _, hooks: __, ...rest } = oclif;
  const config = await Config.load({ root: process.cwd(), pjson: { ...pjson, oclif: rest } });
  return new HelpText(config, { maxWidth: 80 });
}

/** oclif gives flags and arguments their names, and asks for their defaults, when it loads a command. */
async function loaded(
  values: Readonly<Record<string, { readonly default?: unknown }>>,
): Promise<Record<string, object>> {
  const entries = Object.entries(values).map(async ([name, value]) => {
    const fallback =
      typeof value.default === 'function' ? await value.default({ flags: {}, options: value }) : value.default;
    return [name, { ...value, name, default: fallback }] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

test.for(Object.entries(COMMANDS))('trunkline %s --help', async ([id, command]) => {
  const help = await helpWriter();
  const flags = await loaded({ ...command.baseFlags, ...command.flags });
  const cached = { ...command, id, flags, args: await loaded(command.args ?? {}), load: async () => command };
  const text = help.of(cached as unknown as Command.Loadable);
  const lines = text.split('\n').map((line) => line.trimEnd());
  const file = `test/golden/cli-help/${id.replaceAll(':', '-')}.txt`;
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(join(process.cwd(), file));
});

test.for(Object.entries(COMMANDS))('trunkline %s says what it does, with examples', ([, command]) => {
  expect(command.summary).toMatch(/\.$/);
  expect((command.description ?? '').length).toBeGreaterThan(20);
  expect((command.examples ?? []).length).toBeGreaterThanOrEqual(2);
});
