import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';

const folders = new Set<string>();
afterAll(() => {
  for (const folder of folders) {
    rmSync(folder, { recursive: true, force: true });
  }
  folders.clear();
});

/** A new folder, which is there until the tests of the file have ended. */
export function temporaryFolder(prefix = 'airlock-'): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), prefix)));
  folders.add(folder);
  return folder;
}
