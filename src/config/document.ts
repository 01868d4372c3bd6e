// Generated from schemas/trunkline.schema.json by `npm run generate`. Do not edit.
/**
 * How many first copies of tables run side by side on a node.
 */
export type ParallelCopies = number | string;
/**
 * What happens when a change of one table fails with an error that waiting does not mend. park: that table is taken aside with its events kept, is tried again by itself, and the others go on. stop: the node stops there and tries again, and all its tables stay at one point in time.
 */
export type OnError = 'park' | 'stop';
/**
 * What a node does with events of kinds that nobody knows, such as those of an application that uses the same queue. stop: the node stops there until somebody decides. park: they are kept whole in trunkline.skipped_event, which log --skipped shows, and the node goes on. skip: it goes on without them.
 */
export type ForeignEvents = 'stop' | 'park' | 'skip';
/**
 * What is done where a subscriber lacks the table. none: nothing, the plan says what is missing. minimal: it is made with its columns, NOT NULL and the primary key. full: as it is on the root, with defaults, keys, checks, indexes, foreign keys, sequences, types, comments, grants and partitions. For a node with its own create, that one counts; left out, that of defaults.
 */
export type Create = 'none' | 'minimal' | 'full';
/**
 * What happens when a row to be inserted is there already, or one to be updated or deleted is not. error: the first stops the table, the others are told in the log of the worker. insert_or_update: the row is as the provider has it afterwards. keep: the row here stays as it is, and both are written to trunkline.conflict. log: as insert_or_update, and both are written to trunkline.conflict.
 */
export type Conflict = 'error' | 'insert_or_update' | 'keep' | 'log';
/**
 * set_based: the net changes of a batch in a few statements. ordered: change after change, as they were made on the root; slower.
 */
export type Apply = 'set_based' | 'ordered';
/**
 * Which triggers on the node's table see replicated rows. replica: those that are enabled for it, ALWAYS or REPLICA. fire: all that would fire for anybody else, foreign keys too, change after change; slower.
 */
export type UserTriggers = 'replica' | 'fire';
/**
 * Whether a TRUNCATE on the root empties the node's table.
 */
export type Truncate = 'apply' | 'ignore';
/**
 * Nothing takes it out: plan and destroy refuse to drop the node, and to remove the table, copy it anew or delete rows of it. It holds until an apply with false, also for what the file does not name any more.
 */
export type Protect = boolean;
/**
 * One table or a pattern of tables. Plain text is short for an entry with that name, or, where it holds * or ?, that pattern.
 */
export type Table =
  | string
  | {
      /**
       * One table on the root, as schema.table. Without a schema, public is meant.
       */
      name?: string;
      /**
       * Names or patterns of tables on the root. * stands for any text within the schema or the name, ? for one character. Without a schema, public is meant: app.* is every table of app, *.* every table there is.
       *
       * @minItems 1
       */
      include?: [Pattern, ...Pattern[]];
      /**
       * Names or patterns that this entry leaves out.
       */
      exclude?: Pattern[];
      /**
       * SQL condition over the columns of the table: only rows that meet it are held. Copy, replay and compare honour it. For a node with its own where, that one counts.
       */
      where?: string;
      columns?: Columns;
      mask?: Mask;
      handler?: Handler;
      conflict?: Conflict;
      apply?: Apply;
      user_triggers?: UserTriggers;
      truncate?: Truncate;
      copy?: Copy;
      create?: Create;
      protect?: Protect;
      /**
       * Columns that tell rows apart, for a table without a primary key: all of them NOT NULL, under a unique index over just them, on every node. all_columns: nothing but the whole row tells them apart, and rows may be equal; it is slow, as each batch that takes rows away reads the table once on every node. Left out: the primary key.
       */
      key?: 'all_columns' | [string, ...string[]];
      capture?: Capture;
      /**
       * Which subscribers get it, and how. Left out: every one, under the same name. An empty mapping: none yet, but its changes are captured.
       */
      nodes?: {
        /**
         * What one subscriber does with it: {} takes it as it is, none leaves it out.
         */
        [k: string]:
          | 'none'
          | {
              /**
               * Name of the table on this node, as schema.table. Only in an entry with name.
               */
              target?: string;
              /**
               * Which rows this node holds, in place of the where of the entry.
               */
              where?: string;
              columns?: Columns;
              mask?: Mask;
              handler?: Handler;
              conflict?: Conflict;
              apply?: Apply;
              user_triggers?: UserTriggers;
              truncate?: Truncate;
              copy?: Copy;
              create?: Create;
            };
      };
    };
/**
 * A name or a pattern. * stands for any text, ? for one character.
 */
export type Pattern = string;
/**
 * Name of a column, as it stands in the catalog, without quotes.
 */
export type Column = string;
/**
 * What else than keeping equal rows is done with a table's events, as Londiste's handlers. virtual: no event is applied and the node need not have the table. queue_table: at an entry, the root keeps no row of it, an insert only becomes an event, and no node applies it that does not say none; at a node, as virtual. none: as any table, where the entry says otherwise. bulk: for Londiste's workers; ours write sets of rows anyway.
 */
export type Handler =
  | ('virtual' | 'queue_table' | 'bulk' | 'none')
  | {
      /**
       * Only rows whose hash falls to this node: hash(key) & (of - 1) = number. An update of the key moves a row in or out.
       */
      shard?: {
        /**
         * The column that is hashed.
         */
        key: string;
        /**
         * SQL function that gives a whole number; it must be on the provider and on the node. Left out: partconf.get_hash_raw, as Londiste has it.
         */
        hash?: string;
        /**
         * Which part is held here, from 0. Left out, with of: as partconf.conf on the node says.
         */
        number?: number | string;
        /**
         * How many parts there are: a power of two.
         */
        of?: number | string;
      };
      /**
       * Columns by name, and how they are made unreadable. keep: as it is. skip: the node does not hold it. bool: true where there is a value. hash32, hash64: a number made of the value. hash: 32 hexadecimal digits. The same value gives the same hash, so that joins still meet; whoever can guess values can check a guess.
       */
      obfuscate?: {
        /**
         * How the column is made unreadable.
         */
        [k: string]: 'keep' | 'skip' | 'bool' | 'hash32' | 'hash64' | 'hash';
      };
      /**
       * Each event is handed to a function of the node, with the arguments that Londiste gives it: argument, tick, id, time, txid, retry, type, data, extra1 to extra4.
       */
      apply_function?: {
        /**
         * Function, as schema.name.
         */
        name: string;
        /**
         * Text that the function gets first.
         */
        argument?: string;
      };
    };
/**
 * One query whose first column, in its only row, is true where all is well.
 */
export type AssertionSql = string;
/**
 * What to tell where the answer is anything else than true.
 */
export type AssertionMessage = string;
/**
 * How long the query may take.
 */
export type AssertionTimeout = string;
/**
 * What a step may cost.
 */
export type Hazard =
  | 'copies-data'
  | 'truncates-target'
  | 'drops-data'
  | 'blocks-writes'
  | 'takes-exclusive-lock'
  | 'loses-events'
  | 'moves-root'
  | 'stops-replication'
  | 'rewrites-table';

/**
 * What should be: databases, and the queues that replicate tables between them. Text may hold ${NAME} or ${NAME:-default}, taken from the environment; $$ is a dollar sign.
 */
export interface TrunklineDocument {
  /**
   * Version of this file format. Each file says it.
   */
  version: 1;
  /**
   * Where databases are, each under a name of your choice. A node of any queue may live on one.
   */
  databases?: {
    [k: string]: Database;
  };
  /**
   * PgQ queues, each with the cascade of nodes that replicates through it. The name of a queue has at most 44 bytes.
   */
  queues?: {
    [k: string]: Queue;
  };
  /**
   * Hazards that apply may go through without asking each time.
   */
  allow?: Hazard[];
  /**
   * How long the steps of an apply may wait, and keep others waiting.
   */
  apply?: {
    /**
     * How long a step waits for the lock of a table. Writers queue up behind it meanwhile, so it then lets go, and tries again later.
     */
    lock_wait?: string;
    /**
     * How often a step is tried in all, while a lock is not to be had.
     */
    lock_attempts?: number | string;
    /**
     * How long one statement of a step may take, the waiting included. Left out: as long as the server allows.
     */
    statement_timeout?: string;
  };
  /**
   * What must be true on a database before anything is planned or applied, each under a name of your choice.
   */
  assert?: {
    [k: string]: Assertion;
  };
}
/**
 * How to reach one database: by url, by single settings as libpq knows them, or embedded. What is left out comes from libpq's environment variables and defaults.
 */
export interface Database {
  /**
   * A connection URL. Stands alone. A password in it is never shown, saved or put into a catalog.
   */
  url?: string;
  /**
   * Host name, address, or the directory of a Unix-domain socket.
   */
  host?: string;
  /**
   * Port of the server.
   */
  port?: number | string;
  /**
   * Name of the database on its server.
   */
  dbname?: string;
  /**
   * Role to log in as.
   */
  user?: string;
  /**
   * Password of the role. Better kept out of the file: in the environment, in a passfile or in a service file.
   */
  password?: string;
  /**
   * Password file in the format of ~/.pgpass.
   */
  passfile?: string;
  /**
   * Section of the connection service file (pg_service.conf) that gives what is left out here.
   */
  service?: string;
  /**
   * How much TLS is asked for, with libpq's meaning.
   */
  sslmode?: 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';
  /**
   * File with the certificate authorities that the server's certificate is checked against.
   */
  sslrootcert?: string;
  /**
   * File with the client's certificate.
   */
  sslcert?: string;
  /**
   * File with the key of the client's certificate.
   */
  sslkey?: string;
  /**
   * How long to wait for a connection; a bare number means seconds.
   */
  connect_timeout?: number | string;
  /**
   * How long a server may leave an answer out before the connection is given up and made anew; a bare number means seconds. A server that works on a long statement is asked by another connection, and waited for.
   */
  answer_timeout?: number | string;
  /**
   * Whose pgq, pgq_node and londiste a database gets that has none yet. auto: the extensions where the server offers them and the user may create them, and the bundled SQL elsewhere. What is there already stays.
   */
  engine?: 'auto' | 'bundled' | 'extension';
  /**
   * A PostgreSQL server on this machine that Trunkline starts and stops itself: for tries, tests and examples. Stands alone.
   */
  embedded?: {
    /**
     * Major version of PostgreSQL. The npm package of that version must be installed.
     */
    version: number | string;
    /**
     * Name of the database on that server. Left out: the name under databases.
     */
    dbname?: string;
  };
}
/**
 * One PgQ queue, the nodes that read it, and the tables that go through it.
 */
export interface Queue {
  ticker?: Ticker;
  /**
   * What the nodes and the tables of this queue take where they say nothing themselves. For a table, an entry of tables comes before it, and what the entry says for one node before that.
   */
  defaults?: {
    parallel_copies?: ParallelCopies;
    on_error?: OnError;
    foreign_events?: ForeignEvents;
    create?: Create;
    conflict?: Conflict;
    apply?: Apply;
    user_triggers?: UserTriggers;
    truncate?: Truncate;
    copy?: Copy;
  };
  /**
   * The databases of the cascade, each under the name it has in the catalogs. Exactly one is the root.
   */
  nodes?: {
    [k: string]: Node;
  };
  /**
   * Which tables go through the queue. Entries are read in order; a later one refines an earlier one, node by node: what it leaves unsaid stays as it was. A table that no entry gives to any node is not captured.
   */
  tables?: Table[];
  /**
   * Nodes and tables that had another name before. Each goes on under its new name where it stands: nothing is copied. An entry whose old name is nowhere does nothing, and can stay as long as some cascade may still have it.
   *
   * Items: One node or table that has another name now.
   */
  moved?: {
    /**
     * The name that the table had on the root. The plan renames it there, and on every node where it has the same name and no target says otherwise, while changes go on.
     */
    table?: string;
    /**
     * The name that the node had.
     */
    node?: string;
    /**
     * The name that it has under nodes, or among tables.
     */
    to: string;
  }[];
  /**
   * What was taken out of this queue in the file, and is to be left in the databases as it is: the plan neither removes nor changes it. Without an entry here, what the file does not name any more is taken out of the databases too.
   *
   * Items: One table, sequence or node that is left as it is.
   */
  removed?: {
    /**
     * A table, by its name on the root. It goes on being captured and applied. Sequences that its columns own stay with it.
     */
    table?: string;
    /**
     * A sequence, by its name on the root.
     */
    sequence?: string;
    /**
     * A node. It keeps its place in the queue, and its provider keeps its events; a process that runs with this file does not work for it.
     */
    node?: string;
    /**
     * Always true: to have it removed, leave the entry out.
     */
    keep: true;
  }[];
  /**
   * What must be true on the nodes of this queue before anything is planned or applied, each under a name of your choice.
   */
  assert?: {
    [k: string]: QueueAssertion;
  };
  /**
   * SQL files that run once, in the order of their names, at the same place in the stream on every node.
   */
  migrations?: {
    /**
     * Folder of the `*.sql` files, relative to this file.
     */
    dir: string;
  };
  /**
   * Which sequences go through the queue.
   */
  sequences?: {
    /**
     * Sequences owned by columns of replicated tables come along.
     */
    owned?: boolean | string;
    /**
     * Names or patterns of further sequences.
     */
    include?: Pattern[];
    /**
     * Names or patterns of sequences that stay out, owned ones too.
     */
    exclude?: Pattern[];
    /**
     * What is done where a subscriber lacks a sequence of include. none: nothing, the plan says what is missing. minimal: it is made with its type, start, step, bounds, cache and cycle. full: with its owner, comment and grants, too. Left out, that of defaults. A sequence that comes with a table is made with the table.
     */
    create?: 'none' | 'minimal' | 'full';
  };
}
/**
 * When the ticker closes a batch of events: after so many of them, or so much time.
 */
export interface Ticker {
  /**
   * With events waiting, a tick comes this long after the last one, or 100 ms after it while a consumer has not read that one yet. It is most of the time that a change takes to a leaf; each tick costs the root a row, and each leaf a transaction.
   */
  max_lag?: string;
  /**
   * A tick comes once this many events wait.
   */
  max_count?: number | string;
  /**
   * Without events, a tick comes after this time, so that a quiet queue is told from a dead one.
   */
  idle_period?: string;
  /**
   * How long read events are kept before their table is emptied.
   */
  rotation_period?: string;
}
/**
 * How the first copy goes.
 */
export interface Copy {
  /**
   * No copy: the rows are there already, and equal. Only where nothing changes on the root between that and the apply; compare tells.
   */
  expect_sync?: boolean | string;
  /**
   * Rows that are in the node's table stay, where it would else be emptied.
   */
  keep_rows?: boolean | string;
  /**
   * SQL condition over the root's columns: only these rows are copied. Changes of all rows come afterwards, so compare finds differences; for a lasting filter use where of the table.
   */
  where?: string;
  /**
   * The node whose rows are copied, where that is not the provider: a root or branch of the same queue that holds the table with the same rows and is not fed by this node.
   */
  from?: string;
  /**
   * How many streams a large table is copied by, side by side. With more than one its rows are seen before all are there. Provider from PostgreSQL 14 on.
   */
  parallel?: number | string;
}
/**
 * One database in the cascade of a queue.
 */
export interface Node {
  /**
   * Name of its database, from the top of the file.
   */
  database: string;
  /**
   * root: where writes start from. branch: receives the changes and keeps them in a queue of its own, which other nodes read from. leaf: receives the changes and passes nothing on.
   */
  role: 'root' | 'branch' | 'leaf';
  /**
   * The node it reads from: the root or a branch. Left out: the root. A root has none.
   */
  provider?: string;
  /**
   * Only for a leaf: another queue, with its root or a branch on the same database, in which the leaf's changes go on. Leaves of several queues that name the same one merge their tables there.
   */
  merge_into?: string;
  parallel_copies?: ParallelCopies;
  on_error?: OnError;
  foreign_events?: ForeignEvents;
  protect?: Protect;
}
/**
 * Which of the root's columns a node holds; which must hold those of the key. A filter sees all of them.
 */
export interface Columns {
  /**
   * Only these.
   *
   * @minItems 1
   */
  include?: [Column, ...Column[]];
  /**
   * All but these.
   *
   * @minItems 1
   */
  exclude?: [Column, ...Column[]];
}
/**
 * Columns that hold something else than the root's value: SQL over the root's row, in copy, replay and compare. Not for columns of the key.
 */
export interface Mask {
  /**
   * SQL that gives what the column holds. The same row must always give the same value.
   */
  [k: string]: string;
}
/**
 * What the root's triggers do with its changes, for readers of the queue that want it. Anything but format: json has pgq's own trigger function called for each row, which costs more than the table's own function.
 */
export interface Capture {
  /**
   * Columns that stay out of the queue. An update of these alone is not told. Not for columns of the key; nodes should leave them out too, or they keep what was copied.
   *
   * @minItems 1
   */
  ignore?: [string, ...string[]];
  /**
   * SQL over the row that is written or deleted: only where it is true, the change is told. It must not give NULL. First copies and compare know nothing of it; to choose rows for a node, use where.
   */
  when?: string;
  /**
   * With each update, the row as it was goes along in ev_extra2.
   */
  old_row?: boolean | string;
  /**
   * SQL over the row, whose text goes along in ev_extra2. Not with old_row.
   */
  extra2?: string;
  /**
   * SQL over the row, whose text goes along in ev_extra3, where Londiste's workers of sharded nodes look for the hash.
   */
  extra3?: string;
  /**
   * SQL over the row, whose text goes along in ev_extra4.
   */
  extra4?: string;
  /**
   * Which changes of rows are told. Left out: all. TRUNCATE is told in any case; see truncate.
   *
   * @minItems 1
   *
   * Items: One kind of change.
   */
  operations?: ['insert' | 'update' | 'delete', ...('insert' | 'update' | 'delete')[]];
  /**
   * How events are written: json as pgq.jsontriga does, url as pgq.logutriga, sql as pgq.sqltriga, which can neither be filtered nor masked. Left out: json where a function of the table's own captures, otherwise url.
   */
  format?: 'json' | 'url' | 'sql';
}
/**
 * A question to the database of one node that must be answered with true. It is asked in a transaction that can only read.
 */
export interface QueueAssertion {
  /**
   * The node whose database is asked. Left out: the root.
   */
  node?: string;
  sql: AssertionSql;
  message?: AssertionMessage;
  timeout?: AssertionTimeout;
}
/**
 * A question to a database that must be answered with true. It is asked in a transaction that can only read.
 */
export interface Assertion {
  /**
   * Name of the database that is asked, from the top of the file.
   */
  database: string;
  sql: AssertionSql;
  message?: AssertionMessage;
  timeout?: AssertionTimeout;
}
