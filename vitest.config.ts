import { defineConfig } from 'vitest/config';

// Servers are started once for the whole run by test/support/global-setup.ts; tests ask for databases on them.
const withServers = { globalSetup: ['test/support/global-setup.ts'], testTimeout: 120_000, hookTimeout: 120_000 };
const withDebian = { ...withServers, globalSetup: [...withServers.globalSetup, 'test/support/debian-setup.ts'] };

// Their modules keep nothing between files: each worker loads them once, not once a file.
const pure = { isolate: false };

export default defineConfig({
  test: {
    disableConsoleIntercept: true,
    maxWorkers: 2,
    projects: [
      {
        logLevel: 'error',
        test: {
          name: 'unit',
          ...pure,
          include: ['test/unit/**/*.test.ts', 'test/*.test.ts'],
          testTimeout: 60_000,
          // They import JSON in a way that Node 20 does not take.
          server: { deps: { inline: [/@actions\/(workflow-parser|expressions)/] } },
        },
      },
      { test: { name: 'golden', include: ['test/golden/**/*.test.ts'], ...pure } },
      { test: { name: 'db', include: ['test/{sql,catalog,db,sandbox}/**/*.test.ts'], ...withServers } },
      { test: { name: 'conformance', include: ['test/conformance/**/*.test.ts'], ...withDebian } },
      { test: { name: 'cluster', include: ['test/cluster/**/*.test.ts'], ...withServers, testTimeout: 300_000 } },
      { test: { name: 'interop', include: ['test/interop/**/*.test.ts'], ...withDebian, testTimeout: 300_000 } },
      { test: { name: 'cli', include: ['test/cli/**/*.test.ts'], ...withServers } },
      // Measurements are no tests: only `npm run bench` asks for them.
      ...(process.env.TRUNKLINE_BENCH === undefined
        ? []
        : [{ test: { name: 'bench', include: ['bench/*.ts'], exclude: ['bench/median.ts'], ...withServers } }]),
    ],
  },
});
