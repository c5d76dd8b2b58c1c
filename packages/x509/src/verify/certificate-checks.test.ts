import { describe, expect, it } from 'vitest'
import {
  basicConstraints,
  extension,
  issue,
  issueCa,
  issueClient,
  type Issued,
  keyUsage,
} from '../../test/certificates.ts'
import { outcomeOf, type Question, refusalOf, verdictOn } from '../../test/chains.ts'
import { nothing } from '../../test/der.ts'
import type { Certificate } from '../index.ts'

const root = await issueCa({ subject: 'root' })
const intermediate = await issueCa({ subject: 'intermediate', issuer: root })
const client = await issueClient({ subject: 'jane', issuer: root })
const below = await issueClient({ subject: 'jane', issuer: intermediate })

const verify = (leaf: Issued | Certificate, question: Partial<Question> = {}) =>
  verdictOn(leaf, { roots: [root], ...question })

const refusal = (leaf: Issued | Certificate, question: Partial<Question> = {}) =>
  refusalOf(leaf, { roots: [root], ...question })

const outcome = (leaf: Issued | Certificate, question: Partial<Question> = {}) =>
  outcomeOf(leaf, { roots: [root], ...question })

const CANNOT_SIGN = 'x509: invalid signature: parent certificate cannot sign this kind of certificate'
const because = (why: string, issuer: string): string =>
  `x509: certificate signed by unknown authority (possibly because of "${why}" while trying to verify candidate authority certificate "${issuer}")`

describe('every certificate of a chain is valid at the time', () => {
  const DAY_MS = 86_400_000
  it.each([
    ['before it begins', -1, 'expired'],
    ['as soon as it begins', 0, 'accepted'],
    ['until it ends', DAY_MS, 'accepted'],
    ['after it ended', DAY_MS + 1, 'expired'],
  ])('%s', async (_, afterMs, code) => {
    const dates = { notBefore: '2026-05-31T00:00:00Z', notAfter: '2026-06-01T00:00:00Z' }
    const nowMs = Date.parse(dates.notBefore) + afterMs
    const shortLeaf = await issueClient({ issuer: root, ...dates })
    const shortRoot = await issueCa({ subject: 'root', ...dates })
    const shortIntermediate = await issueCa({ subject: 'short', issuer: root, ...dates })
    const outcomes = await Promise.all([
      outcome(shortLeaf, { nowMs }),
      outcome(await issueClient({ issuer: shortRoot }), { roots: [shortRoot], nowMs }),
      outcome(await issueClient({ issuer: shortIntermediate }), {
        intermediates: [shortIntermediate],
        nowMs,
      }),
    ])
    expect(outcomes).toEqual([code, code, code])
  })

  it('which an error tells in words', async () => {
    const past = await issueClient({ issuer: root, notAfter: '2021-01-01T00:00:00Z' })
    const future = await issueClient({ issuer: root, notBefore: '2110-01-01T00:00:00Z' })
    const prefix = 'x509: certificate has expired or is not yet valid: current time 2026-06-01T00:00:00Z'
    expect((await refusal(past)).message).toBe(`${prefix} is after 2021-01-01T00:00:00Z`)
    expect((await refusal(future)).message).toBe(`${prefix} is before 2110-01-01T00:00:00Z`)
  })

  it('or another way is found', async () => {
    const { keys } = intermediate
    const expired = await issueCa({
      subject: 'intermediate',
      issuer: root,
      keys,
      notAfter: '2021-01-01T00:00:00Z',
    })
    expect(await verify(below, { intermediates: [expired, intermediate] })).toHaveLength(3)
    expect(await verify(below, { intermediates: [intermediate, expired] })).toHaveLength(3)
  })
})

describe('an issuer is a CA', () => {
  it.each([
    ['no basic constraints', []],
    ['basic constraints that say no', [basicConstraints(false)]],
    [
      'basic constraints, and a key usage that says no',
      [basicConstraints(true), keyUsage('digitalSignature')],
    ],
  ])('and not a certificate with %s', async (_, extensions) => {
    const self = await issue({ subject: 'CA', extensions })
    const selfLeaf = await issueClient({ issuer: self })
    expect((await refusal(selfLeaf, { roots: [self] })).message).toBe(because(CANNOT_SIGN, 'CA'))
    const middle = await issue({ subject: 'middle', issuer: root, extensions })
    const middleLeaf = await issueClient({ issuer: middle })
    expect((await refusal(middleLeaf, { intermediates: [middle] })).message).toBe(
      because(CANNOT_SIGN, 'middle'),
    )
  })

  it('and may do without a key usage', async () => {
    const self = await issue({ subject: 'CA', extensions: [basicConstraints(true)] })
    expect(await verify(await issueClient({ issuer: self }), { roots: [self] })).toHaveLength(2)
  })

  it.each([
    [0, 0, true],
    [0, 1, false],
    [1, 1, true],
    [1, 2, false],
    [2, 2, true],
  ])(
    'that with a path length of %i may have %i intermediates below: %s',
    async (pathLength, count, expected) => {
      const top = await issueCa({ subject: 'top', pathLength })
      const intermediates: Issued[] = []
      for (let number = 0; number < count; number++) {
        intermediates.push(await issueCa({ subject: `ca ${number}`, issuer: intermediates.at(-1) ?? top }))
      }
      const leaf = await issueClient({ issuer: intermediates.at(-1) ?? top })
      const message = 'x509: too many intermediates for path length constraint'
      const expectation = expected ? { length: count + 2 } : { code: 'pathLength', message }
      expect(await verify(leaf, { roots: [top], intermediates })).toMatchObject(expectation)
    },
  )
})

describe('a critical extension that is not understood', () => {
  const strange = extension('1.2.3.4', nothing, true)
  const MESSAGE = 'x509: unhandled critical extension'

  it('is refused in a leaf', async () => {
    expect((await refusal(await issueClient({ issuer: root, extensions: [strange] }))).message).toBe(MESSAGE)
  })

  it('is refused in a CA', async () => {
    const odd = await issueCa({ subject: 'odd', extensions: [strange] })
    expect((await refusal(await issueClient({ issuer: odd }), { roots: [odd] })).code).toBe(
      'criticalExtension',
    )
  })

  it('does no harm in a certificate that is not needed', async () => {
    const odd = await issueCa({ subject: 'odd', extensions: [strange] })
    expect(await verify(client, { intermediates: [odd] })).toHaveLength(2)
  })
})
