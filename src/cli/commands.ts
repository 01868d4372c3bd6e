import type { Command } from '@oclif/core';
import { ApplyCommand } from './commands/apply.ts';
import { CompareCommand } from './commands/compare.ts';
import { CompleteCommand } from './commands/complete.ts';
import { CompletionCommand } from './commands/completion.ts';
import { DestroyCommand } from './commands/destroy.ts';
import { DoctorCommand } from './commands/doctor.ts';
import { ExecuteCommand } from './commands/execute.ts';
import { FailoverCommand } from './commands/failover.ts';
import { GraphCommand } from './commands/graph.ts';
import { ImportCommand } from './commands/import.ts';
import { InitCommand } from './commands/init.ts';
import { LogCommand } from './commands/log.ts';
import { LostEventsCommand } from './commands/lost-events.ts';
import { PauseCommand } from './commands/pause.ts';
import { PlanCommand } from './commands/plan.ts';
import { RepairCommand } from './commands/repair.ts';
import { ResumeCommand } from './commands/resume.ts';
import { ResyncCommand } from './commands/resync.ts';
import { RunCommand } from './commands/run.ts';
import { SandboxDownCommand } from './commands/sandbox/down.ts';
import { SandboxStatusCommand } from './commands/sandbox/status.ts';
import { SandboxUpCommand } from './commands/sandbox/up.ts';
import { SandboxWipeCommand } from './commands/sandbox/wipe.ts';
import { SchemaCommand } from './commands/schema.ts';
import { ShowCommand } from './commands/show.ts';
import { SkipCommand } from './commands/skip.ts';
import { SqlCommand } from './commands/sql.ts';
import { StatusCommand } from './commands/status.ts';
import { SwitchoverCommand } from './commands/switchover.ts';
import { TopCommand } from './commands/top.ts';
import { UninstallCommand } from './commands/uninstall.ts';
import { ValidateCommand } from './commands/validate.ts';
import { WaitCommand } from './commands/wait.ts';

/** Every command, by what the user types; a colon stands for the space between two words. */
export const COMMANDS: Readonly<Record<string, Command.Class>> = {
  apply: ApplyCommand,
  compare: CompareCommand,
  destroy: DestroyCommand,
  complete: CompleteCommand,
  completion: CompletionCommand,
  doctor: DoctorCommand,
  execute: ExecuteCommand,
  failover: FailoverCommand,
  graph: GraphCommand,
  import: ImportCommand,
  init: InitCommand,
  log: LogCommand,
  'lost-events': LostEventsCommand,
  pause: PauseCommand,
  plan: PlanCommand,
  repair: RepairCommand,
  resume: ResumeCommand,
  resync: ResyncCommand,
  run: RunCommand,
  'sandbox:down': SandboxDownCommand,
  'sandbox:status': SandboxStatusCommand,
  'sandbox:up': SandboxUpCommand,
  'sandbox:wipe': SandboxWipeCommand,
  schema: SchemaCommand,
  show: ShowCommand,
  skip: SkipCommand,
  sql: SqlCommand,
  status: StatusCommand,
  top: TopCommand,
  switchover: SwitchoverCommand,
  uninstall: UninstallCommand,
  validate: ValidateCommand,
  wait: WaitCommand,
};
