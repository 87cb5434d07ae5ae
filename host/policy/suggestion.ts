/** The name that was probably meant: the one with the fewest typing mistakes, if these are few for its length. */
export function suggestion(given: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let fewest = Infinity;
  for (const name of names) {
    const mistakes = distance(given.toLowerCase().slice(0, LONGEST), name.toLowerCase());
    if (mistakes < fewest && mistakes <= Math.max(1, Math.floor(name.length / 3))) {
      best = name;
      fewest = mistakes;
    }
  }
  return best;
}

/** The list of names, or only the one that was probably meant. */
export function suggestionText(given: string, names: readonly string[]): string {
  const meant = suggestion(given, names);
  return meant === undefined ? `there are ${names.join(', ')}` : `did you mean ${meant}?`;
}

/** No name is as long, and the time grows with the length. */
const LONGEST = 64;

/** How many letters are to be put in, left out, replaced or swapped with the next one (optimal string alignment). */
function distance(left: string, right: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const isSame = left[row - 1] === right[column - 1];
      let least = Math.min((last[column] as number) + 1, (current[column - 1] as number) + 1, (last[column - 1] as number) + (isSame ? 0 : 1));
      if (row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]) {
        least = Math.min(least, (beforeLast[column - 2] as number) + 1);
      }
      current[column] = least;
    }
    beforeLast = last;
    last = current;
  }
  return last[right.length] as number;
}
