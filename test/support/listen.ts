import type { QuestionOf } from '../../wire/questions.ts';

/** The question by which a script opens a server on a free port of 127.0.0.1, without any of what is on by default. */
export function listenQuestion(fields: Partial<QuestionOf<'listen'>> = {}): QuestionOf<'listen'> {
  return {
    type: 'listen',
    server: 1,
    host: '127.0.0.1',
    port: 0,
    serverName: '',
    heartbeatInterval: 0,
    heartbeatTimeout: 0,
    idleTimeout: 0,
    deflates: false,
    contextTakeover: false,
    threshold: 0,
    windowBits: 0,
    ...fields,
  };
}
