import type { CellClient, CellSettings } from './cell.ts';
import type { LineCopies } from './line-copies.ts';
import type { WatchedTurn } from './turn-watch.ts';

/** A script that lives in a cell's process. */
export interface Tenant {
  readonly number: number;
  readonly settings: CellSettings;
  readonly client: CellClient;
  readonly copies: LineCopies;
}

/** One of its turns. */
export interface Turn extends WatchedTurn {
  readonly tenant: Tenant;
}
