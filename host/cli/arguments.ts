import { statSync } from 'node:fs';
import type { Command } from 'commander';
import { AirlockError } from '../errors.ts';
import { ANYTHING, OPTIONAL_VALUES } from './policy-flags.ts';

/** Has commander take no word behind a bare flag for its list. */
export function bareFlags(argv: readonly string[]): string[] {
  const end = argv.indexOf('--');
  return argv.map((word, index) =>
    OPTIONAL_VALUES.includes(word) && (end === -1 || index < end) ? `${word}=${ANYTHING}` : word,
  );
}

/** Throws ERR_AIRLOCK_INVALID_ARGUMENT for Deno's flag, which stands for two of ours: commander would suggest only one of them. */
export function checkKnownFlags(argv: readonly string[]): void {
  const end = argv.indexOf('--');
  for (const word of end === -1 ? argv : argv.slice(0, end)) {
    const [, kind, list = '=LIST'] = /^--(allow|deny)-net(=.*)?$/s.exec(word) ?? [];
    if (kind !== undefined) {
      throw new AirlockError(
        'ERR_AIRLOCK_INVALID_ARGUMENT',
        `there is no flag --${kind}-net; there are --${kind}-connect${list}, for connections that a script opens, and --${kind}-listen${list}, for its servers`,
      );
    }
  }
}

/**
 * commander hands over what follows `--` together with the files. Throws ERR_AIRLOCK_INVALID_ARGUMENT where a word is no
 * file, but a list or a URL.
 */
export function splitArguments(
  operands: readonly string[],
  command: Command,
): { readonly names: readonly string[]; readonly args: readonly string[] } {
  const raw = (command.parent as Command & { rawArgs: string[] }).rawArgs;
  const dashes = raw.indexOf('--');
  const count = dashes === -1 ? 0 : raw.length - dashes - 1;
  const names = operands.slice(0, operands.length - count);
  if (names.length === 0) {
    command.error("error: missing required argument 'file'");
  }
  checkLists(dashes === -1 ? raw : raw.slice(0, dashes), names);
  const url = names.find((name) => /^(?:https?|wss?|file):\/\//i.test(name));
  if (url !== undefined) {
    throw new AirlockError(
      'ERR_AIRLOCK_INVALID_ARGUMENT',
      `${url}: airlock ${command.name()} takes files; scripts from URLs are for ScriptHost.run({ url }), and what is an argument of the scripts goes behind --`,
    );
  }
  return { names, args: operands.slice(operands.length - count) };
}

/** A list behind a space would be a script that is not there, and its flag permit everything to the others. */
function checkLists(words: readonly string[], names: readonly string[]): void {
  for (const [index, word] of words.entries()) {
    const next = words[index + 1];
    if (!word.endsWith(`=${ANYTHING}`) || next === undefined || /^-./.test(next)) {
      continue;
    }
    const flag = word.slice(0, -ANYTHING.length - 1);
    const exists = isFile(next);
    // What may be read can be a file itself, and beside another one nobody can tell which of both it is.
    if (!exists || (flag.endsWith('-read') && names.length > 1)) {
      const list = next.replace(/^=/, '');
      throw new AirlockError(
        'ERR_AIRLOCK_INVALID_ARGUMENT',
        `${flag} ${next}: a list is given with =, as in ${flag}=${list === '' ? 'LIST' : list}; ${exists ? 'a script goes before the flag' : 'there is no such script'}`,
      );
    }
  }
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
