/** Closes a switch: a new variant makes every place that calls this fail to compile. */
export function assertNever(value: never): never {
  throw new Error(`unexpected variant: ${JSON.stringify(value)}`);
}
