/** The node became something else, or reads elsewhere now, while its worker was at it: what it had in hand is not written. */
export class RoleChanged extends Error {
  constructor(node: string) {
    super(`node ${node} has another role or provider now`);
    this.name = 'RoleChanged';
  }
}
