import { describe, expect, test } from '@jest/globals';
import { SCRIPT_TYPES, scriptTypeDefinition } from '../../../host/script/script-types.ts';

describe('the script types', () => {
  test.each([
    ['interface', 'client', 'no servers', 'no entity'],
    ['avatar', 'client', 'no servers', 'no entity'],
    ['client-entity', 'entity_client', 'no servers', 'an entity'],
    ['server-entity', 'entity_server', 'servers', 'an entity'],
    ['assignment-client', 'agent', 'servers', 'no entity'],
  ])('%s: context %s, %s, %s', (type, context, servers, entity) => {
    expect(scriptTypeDefinition(type)).toEqual({
      context,
      server: servers === 'servers',
      entity: entity === 'an entity',
    });
  });

  test('are no more than these', () => {
    expect(Object.keys(SCRIPT_TYPES)).toHaveLength(5);
  });

  test.each(['robot', '', 'toString', '__proto__'])("'%s' is none", (type) => {
    expect(() => scriptTypeDefinition(type)).toThrow(
      `There is no script type '${type}'; there are interface, avatar, client-entity, server-entity, assignment-client`,
    );
  });
});
