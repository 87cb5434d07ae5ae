import type { ServerStatistics } from '../sockets/server-statistics.ts';
import type { SlowReaderCounts } from '../sockets/slow-readers.ts';

/** What a script's sockets do, at this moment and since it has started. */
export interface SocketStatistics extends Readonly<SlowReaderCounts> {
  /** Sockets that are not closed, opened and accepted. */
  readonly sockets: number;
  /** Sockets to which more was sent than the system has taken yet. */
  readonly backpressured: number;
  /** What its servers have seen: those that listen, in the order in which they were opened. */
  readonly servers: readonly ServerStatistics[];
}
