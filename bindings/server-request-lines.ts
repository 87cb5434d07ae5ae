import {
  StringPrototypeIndexOf,
  StringPrototypeSlice,
  StringPrototypeSplit,
  StringPrototypeToLowerCase,
  createList,
} from './primordials.ts';

/** Headers that came as `name: value`, a line for each: name, value, name, value and so on. */
export function headerList(lines: string): string[] {
  const list = createList<string>();
  if (lines === '') {
    return list;
  }
  const each = StringPrototypeSplit(lines, '\n');
  for (let index = 0; index < each.length; index++) {
    const line = each[index] as string;
    const colon = StringPrototypeIndexOf(line, ':');
    list[list.length] = StringPrototypeSlice(line, 0, colon);
    list[list.length] = StringPrototypeSlice(line, colon + 2);
  }
  return list;
}

/** The tokens of a header that is a list of them, wherever it stands. */
export function tokens(headers: readonly string[], name: string): string[] {
  const found = createList<string>();
  for (let index = 0; index < headers.length; index += 2) {
    if (StringPrototypeToLowerCase(headers[index] as string) === name) {
      const parts = StringPrototypeSplit(headers[index + 1] as string, ',');
      for (let part = 0; part < parts.length; part++) {
        const token = trimmed(parts[part] as string);
        if (token !== '') {
          found[found.length] = token;
        }
      }
    }
  }
  return found;
}

function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text[start])) {
    start++;
  }
  while (end > start && isSpace(text[end - 1])) {
    end--;
  }
  return StringPrototypeSlice(text, start, end);
}

function isSpace(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}
