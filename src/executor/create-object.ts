import { keepForeignKey } from '../catalog/londiste.ts';
import { hasRelation, hasSchema, hasType } from '../catalog/objects.ts';
import type { Session } from '../db/session.ts';
import { assertNever } from '../model/exhaustive.ts';
import type { CreateSchema, CreateSequence, CreateTable, CreateType } from '../model/step.ts';

type Creation = CreateSchema | CreateType | CreateSequence | CreateTable;

/** What is there already was made by an earlier try, or by somebody else: it is theirs, and stays as it is. */
export async function createObject(session: Session, step: Creation): Promise<void> {
  if (await isThere(session, step)) return;
  // The statements name everything by its schema, and mean what the server offers by the rest.
  await session.script('set local search_path = pg_catalog');
  for (const statement of step.statements) await session.script(statement);
  if (step.kind !== 'create_table') return;
  for (const key of step.foreignKeys) await keepForeignKey(session, key);
}

function isThere(session: Session, step: Creation): Promise<boolean> {
  switch (step.kind) {
    case 'create_schema':
      return hasSchema(session, step.schema);
    case 'create_type':
      return hasType(session, step.type);
    case 'create_sequence':
      return hasRelation(session, step.sequence);
    case 'create_table':
      return hasRelation(session, step.destination);
    default:
      return assertNever(step);
  }
}
