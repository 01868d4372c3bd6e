import { expect, test } from 'vitest';
import type { PlanView } from '../../../src/model/plan-view.ts';
import type { Step } from '../../../src/model/step.ts';
import { wholeTable } from '../../../src/model/table.ts';
import { planMarkdown } from '../../../src/render/plan-markdown.ts';
import { databaseName, nodeName, queueName, rowFilter, tableName } from '../../support/builders.ts';

function view(count: number, where?: string): PlanView {
  const steps = Array.from({ length: count }, (_, index): Step => {
    const name = tableName(`app.tabelle_ä_${index}`);
    return {
      id: `change_table/replika/dst/${name}`,
      kind: 'change_table',
      database: databaseName('dst'),
      queue: queueName('replika'),
      node: nodeName('dst'),
      from: wholeTable(name),
      to: { ...wholeTable(name), where: where === undefined ? undefined : rowFilter(where) },
      role: 'leaf',
      triggerArgs: [],
      copy: undefined,
      hazards: [],
      dependsOn: [],
    };
  });
  const nodes = [{ queue: 'replika', node: 'dst', role: 'leaf', database: 'dst', provider: 'src', mergesInto: null }];
  const empty = {
    drift: new Set<string>(),
    warnings: [],
    lastApplied: new Map(),
    leftOut: [],
    allowed: new Set<never>(),
  };
  return { ...empty, steps, nodes, fingerprints: new Map() };
}

test.for([10, 1000, 100_000])('%i steps stay below what a comment may hold, and what is cut is counted', (count) => {
  const text = planMarkdown(view(count));
  expect(Buffer.byteLength(text)).toBeLessThan(65_000);
  const shown = text.match(/^! table/gm)?.length ?? 0;
  const [, cut = '0'] = /\*\*([\d,]+) more lines? of this plan did not fit/.exec(text) ?? [];
  expect(shown + Number(cut.replaceAll(',', ''))).toBe(count);
  expect(text.match(/<details>/g)?.length).toBe(text.match(/<\/details>/g)?.length);
});

test('nothing in the plan can end its fence, or pass for HTML', () => {
  const text = planMarkdown(view(1, "a = '```\n</details><b>'"));
  expect(text).toContain('\n````diff\n');
  expect(text).toMatch(/\n````\n\n<\/details>\n$/);
  const warned = planMarkdown({
    ...view(0),
    warnings: [
      {
        origin: 'change',
        code: 'x',
        message: 'a <b> & c',
        hint: null,
        file: null,
        line: null,
        column: null,
        path: null,
      },
    ],
  });
  expect(warned).toContain('- a &lt;b&gt; &amp; c');
});
