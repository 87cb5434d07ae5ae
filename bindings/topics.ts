import { command, commandWithBytes, refused } from './bridge.ts';
import {
  ErrorConstructor,
  MapConstructor,
  MapPrototypeDelete,
  MapPrototypeGet,
  MapPrototypeSet,
  RangeErrorConstructor,
  SetConstructor,
  SetPrototypeAdd,
  SetPrototypeDelete,
  SetPrototypeForEach,
  SetPrototypeGetSize,
  SetPrototypeHas,
  TypeErrorConstructor,
} from './primordials.ts';
import { script } from './settings.ts';
import type { ByteRange } from './web/buffer-source.ts';

/**
 * Which accepted sockets subscribe to which topics. The host knows the same; here it is counted, so that what is over a limit
 * throws, and what nobody would get does not cross.
 */

/** The sockets of a server. */
interface Audience {
  count: number;
  /** How many of them subscribe to each topic. */
  readonly topics: Map<string, number>;
}

interface Membership {
  readonly server: number;
  readonly audience: Audience;
  topics: Set<string> | undefined;
}

const audiences = new MapConstructor<number, Audience>();
const memberships = new MapConstructor<number, Membership>();
/** The last socket that the script was told of. */
let newest = 0;
let subscriptions = 0;
/** Messages that this turn has published, each counted for each socket that gets it. */
let deliveries = 0;

/** Starts a turn. */
export function beginDeliveries(): void {
  deliveries = 0;
}

/** A server has accepted a socket. */
export function joinServer(server: number, socket: number): void {
  let audience = MapPrototypeGet(audiences, server);
  if (audience === undefined) {
    audience = { count: 0, topics: new MapConstructor() };
    MapPrototypeSet(audiences, server, audience);
  }
  audience.count++;
  MapPrototypeSet(memberships, socket, { server, audience, topics: undefined });
  newest = socket;
}

/** The socket is closed. */
export function leaveServer(socket: number): void {
  const membership = MapPrototypeGet(memberships, socket);
  if (membership !== undefined) {
    const { audience, topics } = membership;
    MapPrototypeDelete(memberships, socket);
    audience.count--;
    if (topics !== undefined) {
      SetPrototypeForEach(topics, (topic) => forget(audience, topic));
    }
    if (audience.count === 0) {
      MapPrototypeDelete(audiences, membership.server);
    }
  }
}

export function subscribe(socket: number, topic: string, operation: string): void {
  checkTopic(topic, operation);
  const membership = MapPrototypeGet(memberships, socket);
  if (membership === undefined || isSubscribed(socket, topic)) {
    return;
  }
  const { topicsPerSocket, subscriptions: most } = script();
  membership.topics ??= new SetConstructor<string>();
  if (SetPrototypeGetSize(membership.topics) >= topicsPerSocket) {
    refused('topicsPerSocket');
    throw new ErrorConstructor(`${operation}: The limit of ${topicsPerSocket} topics for one socket is reached.`);
  }
  if (subscriptions >= most) {
    refused('subscriptions');
    throw new ErrorConstructor(`${operation}: The limit of ${most} subscriptions of all sockets is reached.`);
  }
  command('subscribe', { socket, topic });
  SetPrototypeAdd(membership.topics, topic);
  const { topics } = membership.audience;
  MapPrototypeSet(topics, topic, (MapPrototypeGet(topics, topic) ?? 0) + 1);
  subscriptions++;
}

export function unsubscribe(socket: number, topic: string): void {
  const membership = MapPrototypeGet(memberships, socket);
  if (membership?.topics !== undefined && SetPrototypeHas(membership.topics, topic)) {
    command('unsubscribe', { socket, topic });
    SetPrototypeDelete(membership.topics, topic);
    forget(membership.audience, topic);
  }
}

export function isSubscribed(socket: number, topic: string): boolean {
  const topics = MapPrototypeGet(memberships, socket)?.topics;
  return topics !== undefined && SetPrototypeHas(topics, topic);
}

/** How many sockets of a server subscribe to a topic; with an empty one, how many it has. */
export function subscriberCount(server: number, topic: string): number {
  const audience = MapPrototypeGet(audiences, server);
  if (audience === undefined) {
    return 0;
  }
  return topic === '' ? audience.count : (MapPrototypeGet(audience.topics, topic) ?? 0);
}

/** WebIDL `DOMString`, and what a topic may be. */
export function checkTopic(topic: string, operation: string): void {
  const { topicLength } = script();
  if (topic === '') {
    throw new TypeErrorConstructor(`${operation}: The topic must not be empty.`);
  }
  if (topic.length > topicLength) {
    refused('topicLength');
    throw new RangeErrorConstructor(`${operation}: A topic may have ${topicLength} characters; this one has ${topic.length}.`);
  }
}

/**
 * Sends to the sockets of a topic, or to all of the server where it is empty.
 *
 * @param except a socket that does not get it; 0 for none
 */
export function publish(server: number, topic: string, except: number, data: string | ByteRange, operation: string): void {
  const receivers = subscriberCount(server, topic);
  if (receivers === 0) {
    return;
  }
  const { deliveriesPerTurn } = script();
  if (receivers > deliveriesPerTurn - deliveries) {
    refused('deliveriesPerTurn');
    throw new ErrorConstructor(
      `${operation}: More than ${deliveriesPerTurn} messages, counted for each socket that gets one, in one turn; let the script return in between.`,
    );
  }
  if (typeof data === 'string') {
    command('publishText', { server, topic, except, newest, data });
  } else {
    commandWithBytes('publishBinary', { server, topic, except, newest }, data);
  }
  deliveries += receivers;
}

function forget(audience: Audience, topic: string): void {
  const count = (MapPrototypeGet(audience.topics, topic) as number) - 1;
  if (count === 0) {
    MapPrototypeDelete(audience.topics, topic);
  } else {
    MapPrototypeSet(audience.topics, topic, count);
  }
  subscriptions--;
}
