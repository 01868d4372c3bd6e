/** Where in a file something stands that the user wrote. Line and column count from 1. */
export interface Origin {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Path in the document, such as `queues.replika.nodes.dst1.provider`. */
  readonly path: string;
}
