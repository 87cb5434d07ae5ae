import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterThisTest } from './sockets.ts';

/** The browser that is installed, if any. */
export const chromium = ['chromium', 'chromium-browser', 'google-chrome'].find(
  (program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0,
);

/** Opens a page without a window, and closes the browser after the test. */
export function openPage(url: string): void {
  const profile = mkdtempSync(join(tmpdir(), 'airlock-chromium-'));
  const child = spawn(
    chromium as string,
    [
      '--headless',
      // Where tests run as root, there is no other way.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--no-first-run',
      '--no-proxy-server',
      `--user-data-dir=${profile}`,
      '--remote-debugging-port=0',
      url,
    ],
    { stdio: 'ignore', detached: true },
  );
  afterThisTest(() => {
    // The whole of its processes, which are a group.
    process.kill(-(child.pid as number), 'SIGKILL');
    void once(child, 'close').then(() => rmSync(profile, { recursive: true, force: true, maxRetries: 5 }));
  });
}
