import { spawnSync } from 'node:child_process';

/**
 * The words of a command that runs another in a network and with mounts of its own, after this shell line has set them
 * up: a network in which there is nothing, not even loopback.
 */
export function inNetwork(setup: string): readonly string[] {
  return ['unshare', '--map-root-user', '--net', '--mount', 'sh', '-c', `${setup} && exec "$@"`, 'sh'];
}

export const LOOPBACK_UP = 'ip link set lo up';

/** Makes a name server at 127.0.0.1 the only one. */
export const LOCAL_NAME_SERVER = 'echo nameserver 127.0.0.1 > resolv.conf && mount --bind resolv.conf /etc/resolv.conf';

/** Whether this machine lets us. */
export const hasNetworkNamespaces = ((): boolean => {
  const [command = '', ...words] = inNetwork(`${LOOPBACK_UP} && mount --bind /etc/hosts /etc/resolv.conf`);
  return spawnSync(command, [...words, 'true'], { stdio: 'ignore' }).status === 0;
})();
