/** Resolves when a number has not changed for so many answers of the script, each of which takes the host's loop around. */
export async function standsStill(script: { ask(): Promise<number> }, value: (count: number) => number): Promise<number> {
  let last = NaN;
  for (let same = 0; same < 100; ) {
    const now = value(await script.ask());
    same = now === last ? same + 1 : 0;
    last = now;
  }
  return last;
}
