import { AuthenticationError } from '@kube-authn/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { JANES_TOKEN } from '../test/keystone.ts'
import { readGroups, readToken } from './token.ts'

describe('readToken', () => {
  it('reads what Keystone says, and leaves the rest alone', () => {
    expect(
      readToken(
        JSON.stringify({ token: { ...JANES_TOKEN, catalog: [{ type: 'identity' }], ['__proto__']: 1 } }),
      ),
    ).toEqual({
      expiresAt: '2026-11-25T04:18:24.000000Z',
      expiresAtMs: Date.parse('2026-11-25T04:18:24Z'),
      user: {
        id: '742b0e6e74e140019f56a6ce2058a6dd',
        name: 'jane',
        domain: { id: 'default', name: 'Default' },
      },
      project: { id: 'a94d7f60', name: 'app' },
      roles: ['reader', 'member'],
      isDelegated: false,
      isOfApplicationCredential: false,
    })
  })

  it.each([
    [{}, { isDelegated: false, isOfApplicationCredential: false, roles: [], project: undefined }],
    [{ 'OS-TRUST:trust': {} }, { isDelegated: true }],
    [{ 'OS-OAUTH1': {} }, { isDelegated: true }],
    [{ application_credential: {} }, { isOfApplicationCredential: true }],
    [
      { domain: { id: 'd', name: 'D' }, roles: [{ name: 'admin' }] },
      { project: undefined, roles: ['admin'] },
    ],
    [
      { system: { all: true }, project: null, roles: null },
      { project: undefined, roles: [] },
    ],
  ])('knows what %j is for', (changes, expected) => {
    const { user, expires_at } = JANES_TOKEN
    expect(readToken(JSON.stringify({ token: { user, expires_at, ...changes } }))).toMatchObject(expected)
  })
})

/** What a Keystone that is none may put in each place. */
const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(
    {},
    [],
    null,
    '',
    0,
    { name: 'x', id: 'x' },
    [{ name: 'x' }],
    '2026-11-25T04:18:24Z',
  ),
)

describe.each([
  [
    'readToken',
    readToken,
    fc.record({
      token: fc.oneof(
        anything,
        fc.record(
          {
            user: fc.oneof(
              fc.constant(JANES_TOKEN.user),
              anything,
              fc.record({ id: anything, name: anything, domain: anything }),
            ),
            expires_at: fc.oneof(fc.constant(JANES_TOKEN.expires_at), anything),
            project: anything,
            roles: anything,
          },
          { requiredKeys: [] },
        ),
      ),
    }),
  ],
  [
    'readGroups',
    readGroups,
    fc.record(
      {
        groups: fc.oneof(
          anything,
          fc.array(fc.record({ id: anything, name: anything, domain_id: anything })),
        ),
        links: fc.oneof(anything, fc.record({ next: anything })),
      },
      { requiredKeys: [] },
    ),
  ],
] as const)('%s', (_, read, answers) => {
  it('finds out what is in any JSON, or says that it cannot, and has no text that is none', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          answers.map((answer) => JSON.stringify(answer)),
          fc.string(),
        ),
        (text) => {
          try {
            for (const value of textsIn(read(text))) expect(value).not.toBe('')
          } catch (error) {
            expect(error).toBeInstanceOf(AuthenticationError)
            expect(error).toMatchObject({ code: 'unavailable' })
          }
        },
      ),
      { numRuns: 1000 },
    )
  })
})

/** All strings in a value. */
function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}
