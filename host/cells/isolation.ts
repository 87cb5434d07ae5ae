/** Where a script runs, and with whom. */
export const ISOLATIONS = {
  owner: 'in a process with the other scripts of its owner, in an isolate of its own',
  script: 'in a process of its own',
  context: "in its owner's process, in one isolate with all scripts of the owner that ask for it, in a context of its own",
  'in-process': 'in the process of the host, for scripts that are trusted',
} as const;

export type Isolation = keyof typeof ISOLATIONS;

export const DEFAULT_ISOLATION: Isolation = 'owner';

/** Whose a script is where nobody says so. */
export const DEFAULT_OWNER = 'default';
