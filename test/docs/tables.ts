import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { ROOT } from '../sandbox-types/type-check.ts';

export const DOCS = join(ROOT, 'docs');

/** The rows of the table with this first heading, as objects by the headings. */
export function tableOf(page: string, firstHeading: string): readonly Readonly<Record<string, string>>[] {
  const lines = readFileSync(join(DOCS, page), 'utf8').split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${firstHeading} |`));
  expect(start).not.toBe(-1);
  const cells = (line: string): string[] => line.slice(2, -2).split(' | ');
  const headings = cells(lines[start] as string);
  const end = lines.findIndex((line, index) => index > start && !line.startsWith('|'));
  return lines.slice(start + 2, end).map((line) => {
    const row = cells(line);
    expect(row).toHaveLength(headings.length);
    expect(row).not.toContain('');
    return Object.fromEntries(headings.map((heading, index) => [heading, row[index] as string]));
  });
}

/** As a page shows it. */
export const code = (text: string): string => `\`${text}\``;
