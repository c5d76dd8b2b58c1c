import { describe, expect, it } from 'vitest'
import {
  CLIENT_AUTH,
  issueCa,
  issueClient,
  keyPair,
  NOW_MS,
  poolOf,
} from '../../../../x509/test/certificates.ts'
import { settableClock } from '../../../test/requests.ts'
import {
  type CreateCache,
  describeTwoQuestions,
  type Variants,
  variationsOf,
} from '../../../test/two-questions.ts'
import { rejected } from '../../authenticator/errors.ts'
import type { CertificatePool } from '@kube-authn/x509'
import { chainVerifier } from './chain-verifier.ts'

/** Whose certificates are these, to those who trust these authorities, at this time? */
interface Question {
  readonly presented: readonly Uint8Array[]
  readonly pool: CertificatePool
  readonly nowMs: number
}

const keys = await keyPair()
const ofThisYear = { notBefore: '2026-01-01T00:00:00Z', notAfter: '2027-01-01T00:00:00Z' }
const ca = await issueCa({ subject: 'CA', keys, ...ofThisYear })
const sameCaForLonger = await issueCa({ subject: 'CA', keys })
const leaf = (await issueClient({ subject: 'jane', issuer: ca })).der
const another = (await issueClient({ subject: 'jane', issuer: ca })).der
const [one, two] = await Promise.all([issueCa({ issuer: ca }), issueCa({ issuer: ca })])

const create: CreateCache<Question> = (decide) => {
  const clock = settableClock()
  const verify = chainVerifier({
    clock,
    keyUsages: [CLIENT_AUTH],
    accept: () => {
      if (!decide()) throw rejected('not any more')
      return true
    },
    refuse: (_, { message }) => rejected(message),
  })
  return async ({ presented, pool, nowMs }) => {
    clock.nowMs = nowMs
    try {
      return await verify(presented, pool)
    } catch (error) {
      expect(error).toEqual(rejected('not any more'))
      return false
    }
  }
}

const base: Question = {
  presented: [leaf, one.der],
  pool: poolOf(ca, sameCaForLonger),
  nowMs: NOW_MS,
}

const presented: Variants<Question>['presented'] = {
  differs: {
    'the leaf': [another, one.der],
    'being the leaf alone': [leaf],
    'being another leaf alone': [another],
    'another intermediate': [leaf, two.der],
    'one more': [leaf, one.der, two.der],
    'the same twice': [leaf, one.der, one.der],
    'the order': [leaf, two.der, one.der],
  },
  same: { 'the array it is in': [Uint8Array.from(leaf), Uint8Array.from(one.der)] },
}

const pool: Record<'differs' | 'same', Readonly<Record<string, CertificatePool>>> = {
  differs: {
    'of those who are trusted': poolOf(sameCaForLonger),
    'that is none but in time': poolOf(ca, sameCaForLonger),
  },
  same: { 'the same': base.pool },
}

const [begin, end] = [Date.parse(ofThisYear.notBefore), Date.parse(ofThisYear.notAfter)]

const nowMs: Record<'differs' | 'same', Readonly<Record<string, number>>> = {
  differs: { 'its authority had not begun': begin - 1000, 'its authority had ended': end + 1000 },
  same: { 'the last second of its authority': end, 'the first second of its authority': begin },
}

/** Of every field, so that one that is added to a question is missed here. */
const variants: Variants<Question> = { presented, pool, nowMs }

describeTwoQuestions('a chain that was verified', {
  base,
  // What changes with these has tests of its own below: pools are there one at a time, and times are in periods.
  variations: variationsOf(base, { ...variants, pool: { same: pool.same }, nowMs: { same: nowMs.same } }),
  sharesWork: true,
  create,
})

/** What a connection presented: one list for all of its requests, by which a verdict is found without a look at the bytes. */
const ofConnection: Question = { ...base, presented: Object.freeze([...base.presented]) }

describe.each([
  ['a chain that was verified', base],
  ['a chain of a connection that was verified', ofConnection],
])('%s', (_name, asked) => {
  it.each(Object.entries(pool.differs))('is another question after a change %s', async (_, changed) => {
    let isAllowed = true
    const ask = create(() => isAllowed)
    expect(await ask(asked)).toBe(true)
    expect(await ask(asked)).toBe(true)
    expect(await ask({ ...asked, pool: changed })).toBe(true)
    isAllowed = false
    expect(await ask({ ...asked, pool: changed })).toBe(true)
    expect(await ask({ ...asked, pool: changed })).toBe(true)
    // Nothing is kept of those who were trusted before.
    expect(await ask(asked)).toBe(false)
    expect(await ask({ ...asked, pool: changed })).toBe(false)
  })

  it.each(Object.entries(nowMs.differs))('is another question where %s', async (_, time) => {
    let isAllowed = true
    const ask = create(() => isAllowed)
    expect(await ask({ ...asked, nowMs: time })).toBe(true)
    const again = create(() => isAllowed)
    expect(await again(asked)).toBe(true)
    expect(await again(asked)).toBe(true)
    isAllowed = false
    expect(await again(asked)).toBe(true)
    expect(await again({ ...asked, nowMs: time })).toBe(false)
    expect(await again({ ...asked, nowMs: time })).toBe(false)
  })

  it('is the same question whatever was asked of another connection between', async () => {
    let isAllowed = true
    const ask = create(() => isAllowed)
    expect(await ask(asked)).toBe(true)
    expect(await ask(asked)).toBe(true)
    isAllowed = false
    expect(await ask({ ...asked, presented: Object.freeze([another, one.der]) })).toBe(false)
    expect(await ask(asked)).toBe(true)
  })
})

describe('a list of certificates that can change', () => {
  it('is another question after a change', async () => {
    let isAllowed = true
    const ask = create(() => isAllowed)
    const list = [...base.presented]
    expect(await ask({ ...base, presented: list })).toBe(true)
    expect(await ask({ ...base, presented: list })).toBe(true)
    isAllowed = false
    list[0] = another
    expect(await ask({ ...base, presented: list })).toBe(false)
  })
})
