import { spawnSync } from 'node:child_process';

/**
 * The cell processes that there are.
 *
 * @param parent whose children they are: this process's; any's where it is undefined
 */
export function childProcesses(...given: [parent?: number | undefined]): number[] {
  const parent = given.length === 0 ? process.pid : given[0];
  const { stdout } = spawnSync('ps', ['-eo', 'pid=,ppid=,stat=,args='], { encoding: 'utf8' });
  return [...stdout.matchAll(/^ *(\d+) +(\d+) +(\S+) +(.*)$/gm)]
    .filter(([, , of, state]) => (parent === undefined || Number(of) === parent) && !state?.startsWith('Z'))
    .filter(([, , , , command]) => command?.includes('--allow-addons'))
    .map(([, pid]) => Number(pid));
}
