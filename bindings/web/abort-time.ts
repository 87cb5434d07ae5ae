/** When a signal was aborted; `order` tells apart what happens in the same millisecond. */
export interface AbortTime {
  readonly milliseconds: number;
  readonly order: number;
}

let lastAborted = 0;

export function abortTime(milliseconds: number): AbortTime {
  return { milliseconds, order: ++lastAborted };
}

export function isEarlier(left: AbortTime | undefined, right: AbortTime | undefined): boolean {
  if (left === undefined || right === undefined || left.milliseconds === right.milliseconds) {
    return (left?.order ?? 0) < (right?.order ?? 0);
  }
  return left.milliseconds < right.milliseconds;
}
