/** Which database of all the world's it is, however it is reached. */
export interface DatabaseIdentity {
  /** The system identifier of its server. */
  readonly server: string;
  /** Of the database on that server; undefined where only the server was noted. */
  readonly oid: number | undefined;
}

/** A part that is not known speaks against nothing. */
export function sameIdentity(left: DatabaseIdentity, right: DatabaseIdentity): boolean {
  return left.server === right.server && (left.oid === undefined || right.oid === undefined || left.oid === right.oid);
}
