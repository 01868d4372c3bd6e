// `npm run bench -- capture`: measurements side by side with the real peer, on servers of their own. Needs Debian's packages.
import { spawnSync } from 'node:child_process';

const { status } = spawnSync('npx', ['vitest', 'run', '--project', 'bench', ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, TRUNKLINE_BENCH: '1', CI: '1' },
});
process.exit(status ?? 1);
