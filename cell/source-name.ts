/** A script's name as stack traces hold it inside its isolate: without white space or quotes, so that it can be found there. */
export function sourceName(name: string): string {
  return encodeURI(name.toWellFormed()).replaceAll("'", '%27');
}
