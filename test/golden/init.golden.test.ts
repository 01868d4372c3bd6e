import { initialDocument } from '../../src/config/init-document.ts';
import type { FoundDatabase } from '../../src/model/cascade.ts';
import { noConnectionParams } from '../../src/model/topology.ts';
import { databaseName } from '../support/builders.ts';
import { goldenCases } from '../support/golden.ts';
import { liveFromYaml } from '../support/live-yaml.ts';
import { planAfter } from '../support/plan-after.ts';

// `live.yaml` has a database called source, and may have another one called target. What a leaf lacks is to be made of
// definitions that no case has: the plan says so.
goldenCases({
  folder: 'test/golden/init',
  outputs: ['trunkline.yaml', 'plan.txt'],
  run({ read }) {
    const live = liveFromYaml(read('live.yaml') ?? '');
    const seen = live.databases.get(databaseName('source'));
    if (seen?.kind !== 'reachable') throw new Error('live.yaml has no source that answers');
    const named = (name: string): FoundDatabase => ({
      name: databaseName(name),
      params: { ...noConnectionParams, dbname: name },
      passwordVariable: undefined,
      live: undefined,
    });
    const initial = initialDocument({
      queue: 'shop',
      root: 'root1',
      leaf: 'leaf1',
      schemas: read('schemas.txt') === undefined ? undefined : new Set(read('schemas.txt')?.trim().split('\n')),
      source: { ...named('source'), live: seen },
      target: live.databases.has(databaseName('target')) ? named('target') : undefined,
    });
    const { text, shown } = planAfter(initial, live);
    return { 'trunkline.yaml': text, 'plan.txt': shown };
  },
});
