// `npm run soak -- --duration 30m --seed 7`: faults by chance under load, until the time is up or something is wrong.
// `--only kill`: those whose name has this in it.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    duration: { type: 'string', default: '10m' },
    seed: { type: 'string' },
    only: { type: 'string', default: '' },
  },
});
const [, digits, unit] = /^(\d+)(s|m|h)$/.exec(values.duration) ?? [];
const seconds = Number(digits) * ({ s: 1, m: 60, h: 3_600 }[unit] ?? Number.NaN);
if (!(seconds > 0) || (values.seed !== undefined && !/^\d+$/.test(values.seed))) {
  console.error('npm run soak -- --duration 30m --seed NUMBER --only TEXT: a duration is a number and s, m or h.');
  process.exit(1);
}
const seed = values.seed === undefined ? {} : { TRUNKLINE_SEED: values.seed };
const { status } = spawnSync('npx', ['vitest', 'run', 'test/cluster/faults.test.ts'], {
  stdio: 'inherit',
  env: { ...process.env, ...seed, TRUNKLINE_SOAK_ONLY: values.only, TRUNKLINE_SOAK_SECONDS: String(seconds) },
});
process.exit(status ?? 1);
