import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contentOf } from '../../test/sessions.ts'
import { sha256Hex } from '@kube-authn/core/internal'
import type { Session } from './session-keeper.ts'
import { parseSession, serializeSession } from './session.ts'

const session: Session = {
  id: 'id',
  digest: sha256Hex('id'),
  content: contentOf('jane', { certificate: 'aa' }),
  version: 3,
  startedAtMs: 1,
  endsAtMs: 3,
  seenAtMs: 2,
}
const fields = JSON.parse(serializeSession(session)) as readonly unknown[]

describe('a session as a string', () => {
  it('is the same session', () => {
    expect(parseSession(serializeSession(session))).toEqual(session)
  })

  it('keeps any strings, and which members are absent', async () => {
    const text = fc.string({ unit: 'grapheme' })
    const content = fc.record(
      {
        provider: text,
        idToken: text,
        subject: text,
        username: text,
        expiresAtMs: fc.nat(),
        refreshToken: text,
        providerSession: text,
        certificate: text,
      },
      { requiredKeys: ['provider', 'idToken', 'subject', 'username', 'expiresAtMs'] },
    )
    fc.assert(
      fc.property(content, (each) => {
        const read = parseSession(serializeSession({ ...session, content: each }))
        expect(read?.content).toEqual(each)
      }),
      { numRuns: 200 },
    )
  })

  it.each([
    ['empty', ''],
    ['not JSON', '['],
    ['an object', '{"__proto__":[]}'],
    ['null', 'null'],
    ['an empty list', '[]'],
    ['too long a list', JSON.stringify([...fields, null])],
    ['too short a list', JSON.stringify(fields.slice(0, -1))],
    ...fields.map((_, index) => [
      `a list whose element ${index} is an object`,
      JSON.stringify(fields.with(index, {})),
    ]),
    ...fields
      .slice(0, 10)
      .map((_, index) => [`a list whose element ${index} is null`, JSON.stringify(fields.with(index, null))]),
  ])('cannot be %s', (_, text) => {
    expect(parseSession(text ?? '')).toBeUndefined()
  })
})
