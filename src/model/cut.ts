/** A tick at which a course of events can be split. */
export interface Cut {
  readonly tick: number;
  /** The queue's event counter then: how many events lie between two ticks, about. */
  readonly seq: number;
  /** As `xmin:xmax:xip`. */
  readonly snapshot: string;
}
