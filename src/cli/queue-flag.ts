/** Where the same node stands in several queues. */
export const queueFlag = {
  multiple: true,
  multipleNonGreedy: true,
  helpValue: 'QUEUE',
  description: 'In this queue only. May be given more than once.',
} as const;
