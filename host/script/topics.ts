import type { Connection } from '../sockets/connection.ts';

/** What a server has accepted and is not closed, and who of them gets what is published under a topic. */
interface Audience {
  /** By number, ascending, as they came. */
  readonly members: Set<Connection>;
  readonly topics: Map<string, Set<Connection>>;
}

interface Membership {
  readonly audience: Audience;
  readonly topics: Set<string>;
}

export interface TopicLimits {
  readonly topicLength: number;
  readonly topicsPerSocket: number;
  readonly subscriptions: number;
}

const NOBODY: ReadonlySet<Connection> = new Set();
const NO_TOPICS: Set<string> = new Set();

/** Which sockets of a script subscribe to which topics of their server. */
export class Topics {
  readonly #limits: TopicLimits;
  /** By the number of the server. */
  readonly #audiences = new Map<number, Audience>();
  readonly #memberships = new Map<Connection, Membership>();
  #subscriptions = 0;

  constructor(limits: TopicLimits) {
    this.#limits = limits;
  }

  /** Subscriptions of all sockets. */
  get subscriptions(): number {
    return this.#subscriptions;
  }

  /** A server has accepted a connection. */
  join(server: number, connection: Connection): void {
    let audience = this.#audiences.get(server);
    if (audience === undefined) {
      audience = { members: new Set(), topics: new Map() };
      this.#audiences.set(server, audience);
    }
    audience.members.add(connection);
    this.#memberships.set(connection, { audience, topics: NO_TOPICS });
  }

  /** The connection is closed. */
  leave(server: number, connection: Connection): void {
    const membership = this.#memberships.get(connection);
    if (membership === undefined) {
      return;
    }
    const { audience, topics } = membership;
    for (const topic of topics) {
      this.#remove(audience, topic, connection);
    }
    this.#memberships.delete(connection);
    audience.members.delete(connection);
    if (audience.members.size === 0) {
      this.#audiences.delete(server);
    }
  }

  /** Returns why the command is malformed, where it is: the bindings keep to the limits. */
  subscribe(connection: Connection, topic: string): string | undefined {
    const membership = this.#memberships.get(connection);
    if (membership === undefined) {
      return 'subscribe a socket that no server has accepted';
    }
    const { audience, topics } = membership;
    if (topics.has(topic)) {
      return undefined;
    }
    const { subscriptions, topicLength, topicsPerSocket } = this.#limits;
    if (topic === '' || topic.length > topicLength || topics.size >= topicsPerSocket || this.#subscriptions >= subscriptions) {
      return `subscribe beyond a limit: a topic of ${topic.length} characters, after ${topics.size} of the socket's and ${this.#subscriptions} in all`;
    }
    this.#subscriptions++;
    if (topics === NO_TOPICS) {
      this.#memberships.set(connection, { audience, topics: new Set([topic]) });
    } else {
      topics.add(topic);
    }
    const subscribers = audience.topics.get(topic);
    if (subscribers === undefined) {
      audience.topics.set(topic, new Set([connection]));
    } else {
      subscribers.add(connection);
    }
    return undefined;
  }

  unsubscribe(connection: Connection, topic: string): void {
    const membership = this.#memberships.get(connection);
    if (membership?.topics.delete(topic) === true) {
      this.#remove(membership.audience, topic, connection);
    }
  }

  /** The sockets of a topic, or all of the server's where it is empty. */
  members(server: number, topic: string): ReadonlySet<Connection> {
    const audience = this.#audiences.get(server);
    return (topic === '' ? audience?.members : audience?.topics.get(topic)) ?? NOBODY;
  }

  #remove(audience: Audience, topic: string, connection: Connection): void {
    this.#subscriptions--;
    const subscribers = audience.topics.get(topic);
    subscribers?.delete(connection);
    if (subscribers?.size === 0) {
      audience.topics.delete(topic);
    }
  }
}
