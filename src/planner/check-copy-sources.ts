import type { NodeName, TableName } from '../model/names.ts';
import type { CopySourceFault, Problem } from '../model/problem.ts';
import type { TableSpec } from '../model/table.ts';
import type { NodeSpec, QueueSpec } from '../model/topology.ts';
import type { WantedTable } from './expand-tables.ts';

/** A copy and what comes after it must be the same rows, whichever node either is read from. */
export function checkCopySources(queue: QueueSpec, tables: ReadonlyMap<TableName, WantedTable>): Problem[] {
  const problems: Problem[] = [];
  for (const [table, { nodes }] of tables) {
    for (const [node, { spec, at }] of nodes) {
      const { from } = spec.copy;
      if (from === undefined || from === '?') continue;
      const reason = faultOf(queue, { node, from, spec, source: nodes.get(from)?.spec });
      if (reason === undefined) continue;
      problems.push({ code: 'copy_source_unfit', at, queue: queue.name, node, table, from, reason });
    }
  }
  return problems;
}

interface Wish {
  readonly node: NodeName;
  readonly from: NodeName;
  readonly spec: TableSpec;
  /** What the source has of the table; undefined where it is not placed there. */
  readonly source: TableSpec | undefined;
}

function faultOf(queue: QueueSpec, { node, from, spec, source }: Wish): CopySourceFault | undefined {
  const placement = queue.nodes.get(from)?.placement;
  if (placement === undefined) return 'unknown';
  if (from === node) return 'itself';
  if (placement.role === 'root') return undefined;
  if (placement.role === 'leaf') return 'leaf';
  if (isBelow(queue, from, node)) return 'below';
  if (source === undefined) return 'lacks_table';
  return holdsAllOf(source, spec) ? undefined : 'other_rows';
}

function isBelow(queue: QueueSpec, from: NodeName, node: NodeName): boolean {
  const seen = new Set<NodeName>();
  for (let at: NodeName | undefined = from; at !== undefined && !seen.has(at); ) {
    if (at === node) return true;
    seen.add(at);
    const above: NodeSpec | undefined = queue.nodes.get(at);
    at = above === undefined || above.placement.role === 'root' ? undefined : above.placement.provider;
  }
  return false;
}

/** A filter that both have leaves the same rows when it is applied twice; what is masked can not be masked again. */
function holdsAllOf(source: TableSpec, spec: TableSpec): boolean {
  if (source.mask.length > 0 || source.handler !== undefined || source.copy.where !== undefined) return false;
  const sameRows = source.where === undefined || source.where === spec.where;
  return sameRows && (source.columns === undefined || JSON.stringify(source.columns) === JSON.stringify(spec.columns));
}
