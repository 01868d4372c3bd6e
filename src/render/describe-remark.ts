import type { Remark } from '../model/cascade.ts';
import { assertNever } from '../model/exhaustive.ts';
import { describeProblem } from './describe-problem.ts';

/** A remark on an imported file in words: what is so, then what to do. */
export function describeRemark(remark: Remark): string {
  switch (remark.kind) {
    case 'password_moved':
      return `The catalog holds a password with this location. It is not repeated here: put it into ${remark.variable} of the environment.`;
    case 'password_used':
      return `It was reached with the password of the given connection string: put that into ${remark.variable} of the environment.`;
    case 'settings_passed_over':
      return `Its location in the catalog also says ${remark.keywords.join(', ')}, which has no meaning here.`;
    case 'location_unreadable':
      return 'Its location in the catalog is no connection string: say here where it is.';
    case 'unreachable':
      return `It could not be looked at: ${describeProblem(remark.problem).summary}`;
    case 'node_guessed':
      return 'It could not be looked at. Its role and provider are what the other nodes let guess, and its tables are not known: check them.';
    case 'node_dead':
      return 'It is tagged as dead in the catalog. If it is gone for good, take it out and drop it.';
    case 'node_paused':
      return 'It is paused: changes wait for it until it is resumed.';
    case 'handler_unknown':
      return `${remark.table} on ${remark.node} has a handler that is not known here (${remark.attrs}). It is left as it is, and Trunkline does not work for it.`;
    case 'table_keyless':
      return [
        `${remark.table} has no primary key, and `,
        remark.because === 'no_key' ? 'no unique key over NOT NULL columns' : 'the extension takes no other',
        ': it is left out. Give it one, and ',
        remark.excluded ? 'take it out of exclude.' : 'name it here.',
      ].join('');
    case 'key_chosen':
      return `${remark.table} has no primary key: its rows are told apart by this unique one.`;
    case 'target_chosen':
      return 'A server that Trunkline starts on this machine, for a try. Say here where the copy is to live.';
    case 'sequences_lacking':
      return `It does not have ${remark.sequences.join(', ')}, which the rules below bring to every node: plan adds what exists there.`;
    default:
      return assertNever(remark);
  }
}
