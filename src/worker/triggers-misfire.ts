import type { Destination } from './row-layout.ts';

/** Without the right to be a replica, what the triggers of a table do for replicated rows is not what the file says. */
export function misfires({ spec, target }: Pick<Destination, 'spec' | 'target'>): boolean {
  return spec.userTriggers !== 'fire' && target.misfiring.length > 0;
}

export class TriggersMisfire extends Error {
  constructor({ target }: Pick<Destination, 'target'>) {
    super(
      `triggers ${target.misfiring.join(', ')} of ${target.name} would not do as user_triggers says, since session_replication_role may not be set here; disable them, enable them as ALWAYS, or set user_triggers: fire`,
    );
    this.name = 'TriggersMisfire';
  }
}
