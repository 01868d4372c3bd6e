// The walk-through for a person to watch; with --ci without a terminal, ending with one line of JSON.
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openDatabases } from '../dist/app/databases.js';
import { readConfig } from '../dist/app/read-config.js';
import { stateDirOf } from '../dist/app/state-dir.js';
import { startLoad } from './quickstart/load.mjs';
import { must, startRun, trunkline } from './quickstart/tool.mjs';

const ci = process.argv.includes('--ci');
const example = fileURLToPath(new URL('../examples/walkthrough/', import.meta.url));
const work = fileURLToPath(new URL('../.trunkline/quickstart/', import.meta.url));
const file = relative(process.cwd(), `${work}trunkline.yaml`);
const bold = (text) => (process.stderr.isTTY && !process.env.NO_COLOR ? `\x1b[1m${text}\x1b[22m` : text);
const startedAt = performance.now();
const onDispose = [];

const say = (text) => process.stderr.write(`${text}\n`);
function stage(title, text) {
  say(`\n${bold(`— ${title}`)}  [${Math.round((performance.now() - startedAt) / 1000)} s]\n  ${text}\n`);
}

/** Ends what was started, last first, whatever happened. */
async function cleanUp() {
  for (const dispose of onDispose.splice(0).reverse()) {
    await dispose().catch((error) => say(`clean-up: ${error.message}`));
  }
}

let interrupted = false;
process.on('SIGINT', interrupt);
process.on('SIGTERM', interrupt);
async function interrupt() {
  if (interrupted) return;
  interrupted = true;
  say('\nstopping …');
  await cleanUp();
  process.exit(130);
}

async function main() {
  mkdirSync(work, { recursive: true });
  await trunkline(['sandbox', 'wipe', '--yes'], { file });
  cpSync(example, work, { recursive: true, filter: (path) => !path.includes('.trunkline') });

  stage(
    '1  Three servers',
    'Real PostgreSQL from npm packages: the source on 14, two targets on 18, on free loopback ports.',
  );
  onDispose.push(() => trunkline(['sandbox', 'down'], { file }));
  await must(['sandbox', 'up'], { file, show: true });
  const desired = await readConfig([file], process.env);
  const databases = await openDatabases(desired, { stateDir: stateDirOf([file]) });
  onDispose.push(() => databases[Symbol.asyncDispose]());
  const connect = (name) => databases.connector(name, { applicationName: 'quickstart' });

  stage('2  Data', 'The source gets 200,000 users with a session each; the targets get empty tables.');
  await Promise.all([
    script(connect, 'src', 'source.sql'),
    script(connect, 'dst1', 'target1.sql'),
    script(connect, 'dst2', 'target2.sql'),
  ]);

  stage('3  The first plan', 'trunkline plan: two log tables have no key, and the plan says what can be done.');
  await must(['plan'], { file, show: true });

  stage('4  Apply', 'The log tables get their keys; trunkline apply builds queue, nodes, triggers and subscriptions.');
  await script(connect, 'src', 'source-keys.sql');
  await must(['apply', '--auto-approve'], { file, show: true });
  const again = await trunkline(['plan', '--detailed-exitcode'], { file });
  if (again.status !== 0) throw new Error(`the second plan is not empty:\n${again.output}`);
  say('  A second plan is empty: what the file says is what is there.');

  stage('5  Run, under load', 'trunkline run copies the tables side by side while four clients log users in and out.');
  const load = await startLoad(() => connect('src'));
  let loadRuns = true;
  onDispose.push(async () => {
    if (loadRuns) await load.stop();
  });
  const run = startRun(file, ci ? (text) => process.stderr.write(text) : undefined);
  onDispose.push(() => run.stop());
  await until('every table in sync', 60, async () => (await tables()).every(({ state }) => state === 'ok'));
  await sleep(3_000);
  await trunkline(['status'], { file, show: true });

  stage(
    '6  An outage',
    'The first target goes away for some seconds; the load goes on, and the second target does not notice.',
  );
  await must(['sandbox', 'down', 'dst1'], { file, show: true });
  await sleep(4_000);
  await must(['sandbox', 'up', 'dst1'], { file, show: true });
  await sleep(2_000);
  const { logins, logouts } = await load.stop();
  loadRuns = false;
  say(`  ${logins} logins and ${logouts} logouts so far, each two changes.`);

  stage('7  Compare', 'Rows and checksums of every table on both sides, read at the same tick.');
  const compared = await trunkline(['compare', '--json'], { file });
  if (compared.status !== 0 && compared.status !== 2)
    throw new Error(`compare ended with ${compared.status}\n${compared.errors}${compared.output}`);
  const result = JSON.parse(compared.output);
  say(summary(result.tables));

  await cleanUp();
  stage('Done', result.equal ? 'Every table is equal.' : 'There are differences.');
  say(`  What to try next, with the servers as they are now:
    npx trunkline sandbox up -f ${file}
    npx trunkline run -f ${file}        (and in another terminal:)
    npx trunkline status --watch 1 -f ${file}
    change the file, for example a filter, and see: npx trunkline plan -f ${file}
`);
  if (ci) process.stdout.write(`${JSON.stringify(outcome(result))}\n`);
  return result.equal ? 0 : 2;
}

async function script(connect, database, name) {
  const session = await connect(database);
  try {
    await session.script(readFileSync(`${work}${name}`, 'utf8'));
  } finally {
    await session.close();
  }
}

/** Every replicated table of every leaf, with its state. */
async function tables() {
  const { output } = await trunkline(['status', '--json'], { file });
  return leafTables(JSON.parse(output));
}

function leafTables(status) {
  return status.queues.flatMap((queue) =>
    queue.nodes.filter(({ role }) => role === 'leaf').flatMap((node) => node.tables),
  );
}

async function until(what, seconds, condition) {
  const end = performance.now() + seconds * 1_000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited ${seconds} s for ${what}`);
    await sleep(500);
  }
}

function outcome({ equal, tables: compared }) {
  return {
    equal,
    tables: compared.map((table) => ({ node: table.node, table: table.table, rows: table.rows, equal: table.equal })),
  };
}

function summary(compared) {
  const rows = compared.map(({ node, table, rows: count, equal }) => [
    node,
    table,
    String(count),
    equal ? 'equal' : 'DIFFERENT',
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map(
      (row) =>
        `  ${row.map((cell, column) => (column === 2 ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))).join('  ')}`,
    )
    .join('\n');
}

try {
  process.exitCode = await main();
} catch (error) {
  await cleanUp();
  say(`\nThe quickstart failed: ${error.message}`);
  process.exitCode = 1;
}
