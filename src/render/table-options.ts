import { encodeHandler } from '../model/handler-codec.ts';
import { type TableSpec, wholeTable } from '../model/table.ts';
import { decodeText } from '../model/url-encoding.ts';

type Option = readonly [name: string, value: string | undefined];

/** What can be said of a table on a node, in the words of the file; undefined is as usual. */
export function tableOptions(spec: TableSpec): readonly Option[] {
  const usual = wholeTable(spec.name);
  const { columns, copy } = spec;
  const handler = encodeHandler({ handler: spec.handler, truncate: 'apply' });
  const copies = [
    copy.keepRows ? 'keeps the rows that are there' : undefined,
    copy.from === undefined ? undefined : `from ${copy.from}`,
    copy.where === undefined ? undefined : `where ${copy.where}`,
    copy.ranges === undefined ? undefined : `${copy.ranges} streams`,
  ].filter((part) => part !== undefined);
  return [
    ['where', spec.where],
    ['columns', columns && `${columns.kind === 'include' ? 'only' : 'all but'} ${columns.names.join(', ')}`],
    ['mask', shown(spec.mask.map(({ column, expression }) => `${column}: ${expression}`))],
    ['handler', handler === undefined ? undefined : decodeText(handler)],
    ['conflict', spec.conflict === usual.conflict ? undefined : spec.conflict],
    ['apply', spec.apply === usual.apply ? undefined : spec.apply],
    ['user_triggers', spec.userTriggers === usual.userTriggers ? undefined : spec.userTriggers],
    ['truncate', spec.truncate === usual.truncate ? undefined : spec.truncate],
    ['copy', shown(copies)],
  ];
}

function shown(parts: readonly string[]): string | undefined {
  return parts.length === 0 ? undefined : parts.join('; ');
}
