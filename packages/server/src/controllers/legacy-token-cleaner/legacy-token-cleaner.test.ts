import { describe, expect, it } from 'vitest'
import { fixedClock } from '../../../../core/test/fakes.ts'
import type { Secret } from '@kube-authn/core/bootstrap-token'
import { cleanLegacyTokens, type LegacyTokenCleanup } from './legacy-token-cleaner.ts'
import { serviceAccountStore, type ServiceAccountStore } from '../../../test/service-account-store.ts'

const LAST_USED = 'kubernetes.io/legacy-token-last-used'
const INVALID_SINCE = 'kubernetes.io/legacy-token-invalid-since'
/** In the afternoon, so that days and times differ. A year before is 2029-06-15T15:00. */
const NOW = Date.UTC(2030, 5, 15, 15)
const DAY = 86_400_000
const YEAR_AGO = NOW - 365 * DAY

function secretOf(labels: Readonly<Record<string, string>> = {}, rest: Partial<Secret> = {}): Secret {
  return {
    namespace: 'ns',
    name: 's',
    uid: 's1',
    type: 'kubernetes.io/service-account-token',
    annotations: { 'kubernetes.io/service-account.name': 'sa' },
    data: { token: 'T' },
    labels,
    creationTimestampMs: YEAR_AGO - 1,
    ...rest,
  }
}

interface Given extends Partial<Omit<LegacyTokenCleanup, 'store'>> {
  readonly references?: readonly string[]
  readonly accountUid?: string
  readonly otherwise?: (store: ServiceAccountStore) => Partial<LegacyTokenCleanup['store']>
}

function cleanerOf(secrets: readonly Secret[], given: Given = {}) {
  const { references = secrets.map(({ name }) => name), accountUid = 'u1', otherwise, ...options } = given
  const clock = fixedClock(NOW)
  const errors: unknown[] = []
  const store = serviceAccountStore({
    serviceAccounts: [{ namespace: 'ns', name: 'sa', uid: accountUid, secrets: references }],
    secrets,
  })
  const stopping = new AbortController()
  const cleanup: LegacyTokenCleanup = {
    store: { ...store, ...otherwise?.(store) },
    trackedSince: () => '2029-01-01',
    mountedSecrets: () => [],
    clock,
    signal: stopping.signal,
    onError: (error) => void errors.push(error),
    ...options,
  }
  const cleaner = { clean: () => cleanLegacyTokens(cleanup), stop: () => stopping.abort() }
  return { clock, errors, store, cleaner }
}

/** What became of the one secret: `invalid` is what its label says now. */
async function resultFor(secret: Secret, given: Given = {}): Promise<string> {
  const { cleaner, store } = cleanerOf([secret], given)
  const before = store.getSecret('ns', 's')
  await cleaner.clean()
  const after = store.getSecret('ns', 's')
  if (after === undefined) return 'deleted'
  return after === before ? 'kept' : `invalid since ${after.labels?.[INVALID_SINCE]}`
}

const INVALIDATED = 'invalid since 2030-06-15'

describe('the cleaner of tokens in secrets', () => {
  it.each([
    ['was never used', secretOf()],
    ['was last used the day before a year ago', secretOf({ [LAST_USED]: '2029-06-14' })],
    ['has no labels at all', secretOf({}, { labels: Object.create({ [LAST_USED]: '2030-06-15' }) })],
    ['has a day it is invalid since that is none', secretOf({ [INVALID_SINCE]: '2020-02-30' })],
    ['has an empty day that it is invalid since', secretOf({ [INVALID_SINCE]: '' })],
  ])('invalidates a token that %s', async (_, secret) => {
    expect(await resultFor(secret)).toBe(INVALIDATED)
  })

  it.each([
    ['a year and a day', { [INVALID_SINCE]: '2029-06-14' }],
    ['long', { [INVALID_SINCE]: '2001-01-01', [LAST_USED]: '2001-01-01' }],
  ])('deletes a secret that is invalid for %s', async (_, labels) => {
    expect(await resultFor(secretOf(labels))).toBe('deleted')
  })

  it.each<[string, Secret]>([
    ['is invalid for a year and not a day more', secretOf({ [INVALID_SINCE]: '2029-06-15' })],
    ['is invalid since tomorrow', secretOf({ [INVALID_SINCE]: '2030-06-16' })],
    ['was last used a year ago', secretOf({ [LAST_USED]: '2029-06-15' })],
    ['was last used today', secretOf({ [LAST_USED]: '2030-06-15', [INVALID_SINCE]: '2020-01-01' })],
    ['will be used', secretOf({ [LAST_USED]: '2031-01-01' })],
    ['was used on no day', secretOf({ [LAST_USED]: 'never' })],
    ['was used on a day without a number', secretOf({ [LAST_USED]: '' })],
    ['was used on the 30th of February', secretOf({ [LAST_USED]: '2020-02-30' })],
    ['was used at a time', secretOf({ [LAST_USED]: '2020-01-01T00:00:00Z' })],
    ['was used on a day that is spelled otherwise', secretOf({ [LAST_USED]: '2020-1-1' })],
    ['was used on two days', secretOf({ [LAST_USED]: '2020-01-01\n2020-01-01' })],
    ['was made a year ago', secretOf({}, { creationTimestampMs: YEAR_AGO })],
    ['was made at no time', secretOf({}, { creationTimestampMs: Number.NaN })],
    ['goes away', secretOf({ [INVALID_SINCE]: '2001-01-01' }, { deletionTimestampMs: NOW })],
    ['is of another type', secretOf({ [INVALID_SINCE]: '2001-01-01' }, { type: 'Opaque' })],
    ['names no service account', secretOf({}, { annotations: {} })],
    [
      'names another service account',
      secretOf({}, { annotations: { 'kubernetes.io/service-account.name': 'other' } }),
    ],
    ['is of __proto__', secretOf({}, { annotations: { 'kubernetes.io/service-account.name': '__proto__' } })],
    [
      'is of a namesake',
      secretOf(
        {},
        {
          annotations: {
            'kubernetes.io/service-account.name': 'sa',
            'kubernetes.io/service-account.uid': 'u2',
          },
        },
      ),
    ],
  ])('keeps a secret that %s', async (_, secret) => {
    expect(await resultFor(secret)).toBe('kept')
  })

  it('keeps a secret without a creation time', async () => {
    const { creationTimestampMs: _, ...secret } = secretOf()
    expect(await resultFor(secret)).toBe('kept')
  })

  it('never touches a secret that was made by hand', async () => {
    const old = secretOf({ [INVALID_SINCE]: '2001-01-01' })
    expect(await resultFor(old, { references: [] })).toBe('kept')
    expect(await resultFor(old, { references: ['other', 'S'] })).toBe('kept')
    expect(await resultFor(old, { references: ['other', 's'] })).toBe('deleted')
  })

  it('keeps a secret that a pod of its namespace mentions', async () => {
    const old = secretOf({ [INVALID_SINCE]: '2001-01-01' })
    const pods: Readonly<Record<string, readonly string[]>> = { ns: ['s'], other: [] }
    expect(await resultFor(old, { mountedSecrets: (namespace) => pods[namespace] ?? [] })).toBe('kept')
    expect(await resultFor(old, { mountedSecrets: (namespace) => (namespace === 'ns' ? [] : ['s']) })).toBe(
      'deleted',
    )
  })

  it('asks for the pods of a namespace once, and of none without need', async () => {
    const asked: string[] = []
    const { cleaner } = cleanerOf(
      [
        secretOf({}, { name: 'a' }),
        secretOf({}, { name: 'b' }),
        secretOf({ [LAST_USED]: '2030-06-15' }, { name: 'c', namespace: 'other' }),
      ],
      {
        mountedSecrets(namespace) {
          asked.push(namespace)
          return []
        },
      },
    )
    await cleaner.clean()
    expect(asked).toEqual(['ns'])
  })

  it.each([
    ['a year and a day', '2029-06-14', INVALIDATED],
    ['a year', '2029-06-15', 'kept'],
    ['a time to come', '2031-01-01', 'kept'],
    ['no time', undefined, 'kept'],
    ['a time that cannot be read', '2029-02-30', 'kept'],
    ['an empty time', '', 'kept'],
  ])('does its work when use is tracked for long enough, and not for %s', async (_, since, result) => {
    expect(await resultFor(secretOf(), { trackedSince: () => since })).toBe(result)
  })

  it('goes by the hour, from the end of the day that the tracking began on', async () => {
    const since = { trackedSince: () => '2029-06-14' }
    const at = (timeMs: number) => resultFor(secretOf(), { ...since, clock: fixedClock(timeMs) })
    const end = Date.UTC(2029, 5, 15) + 365 * DAY
    expect(await at(end - 1)).toBe('kept')
    const { cleaner, store } = cleanerOf([secretOf({}, { creationTimestampMs: 0 })], {
      ...since,
      clock: fixedClock(end),
    })
    await cleaner.clean()
    expect(store.getSecret('ns', 's')?.labels).toHaveProperty([INVALID_SINCE], '2030-06-15')
  })

  it('goes by the period it is told', async () => {
    const secret = secretOf({ [LAST_USED]: '2030-06-04' }, { creationTimestampMs: NOW - 11 * DAY })
    expect(await resultFor(secret, { cleanUpPeriodSeconds: 10 * 86_400 })).toBe(INVALIDATED)
    expect(await resultFor(secret, { cleanUpPeriodSeconds: 12 * 86_400 })).toBe('kept')
  })

  it.each([Number.NaN, -Infinity, -NOW])('does nothing at a time such as %d', async (time) => {
    let now = NOW
    const { cleaner, store } = cleanerOf([secretOf({ [INVALID_SINCE]: '2001-01-01' })], {
      clock: { ...fixedClock(), now: () => now },
    })
    now = time
    await cleaner.clean()
    expect(store.getSecret('ns', 's')).toBeDefined()
  })

  it('only invalidates what is old by a clock that jumped, and what was invalidated then is not deleted before', async () => {
    let now = NOW
    const { cleaner, store } = cleanerOf([secretOf({ [LAST_USED]: '2030-06-14' })], {
      clock: { ...fixedClock(), now: () => now },
    })
    now += 10 * 365 * DAY
    await cleaner.clean()
    await cleaner.clean()
    expect(store.getSecret('ns', 's')?.labels?.[INVALID_SINCE]).toBe('2040-06-12')
    now = NOW + 5 * 365 * DAY
    await cleaner.clean()
    expect(store.getSecret('ns', 's')).toBeDefined()
  })

  it.each([
    ['invalidate', {}],
    ['delete', { [INVALID_SINCE]: '2001-01-01' }],
  ])('does not %s what was used meanwhile', async (_, labels) => {
    const given: Given = {
      otherwise: (store) => ({
        getServiceAccount(namespace, name) {
          store.labelSecret('ns', 's', LAST_USED, '2030-06-15')
          return store.getServiceAccount(namespace, name)
        },
      }),
    }
    const { cleaner, store, errors } = cleanerOf([secretOf(labels)], given)
    await cleaner.clean()
    expect(store.getSecret('ns', 's')?.labels).toEqual({ ...labels, [LAST_USED]: '2030-06-15' })
    expect(errors).toEqual([])
  })

  it.each<[string, Given]>([
    [
      'the service account',
      { otherwise: () => ({ getServiceAccount: () => Promise.reject(new Error('down')) }) },
    ],
    ['the pods', { mountedSecrets: () => Promise.reject(new Error('down')) }],
    [
      'the pods at once',
      {
        mountedSecrets: () => {
          throw new Error('down')
        },
      },
    ],
  ])('keeps a secret when %s cannot be read, and tells', async (_, given) => {
    const { cleaner, store, errors } = cleanerOf([secretOf({ [INVALID_SINCE]: '2001-01-01' })], given)
    await cleaner.clean()
    expect(store.listSecrets()).toHaveLength(1)
    expect(errors).toEqual([new Error('down')])
  })

  it.each<[string, Given]>([
    ['the day of the tracking', { trackedSince: () => Promise.reject(new Error('down')) }],
    ['the secrets', { otherwise: () => ({ listSecrets: () => Promise.reject(new Error('down')) }) }],
  ])('does nothing when %s cannot be read, and tells', async (_, given) => {
    const { cleaner, errors } = cleanerOf([secretOf()], given)
    await cleaner.clean()
    expect(errors).toEqual([new Error('down')])
  })

  it('tells of a day of the tracking that is none', async () => {
    const { cleaner, errors } = cleanerOf([], { trackedSince: () => 'yesterday' })
    await cleaner.clean()
    expect(errors).toEqual([new Error('trackedSince did not return a date such as 2030-01-31')])
  })

  it('goes on with the others when one cannot be changed, or onError throws', async () => {
    const { cleaner, store } = cleanerOf(
      ['a', 'b', 'c'].map((name) => secretOf({}, { name })),
      {
        otherwise: (inner) => ({
          patchSecret(namespace, name, patch, precondition) {
            if (name === 'b') throw new Error('down')
            inner.patchSecret(namespace, name, patch, precondition)
          },
        }),
        onError() {
          throw new Error('and so am I')
        },
      },
    )
    await cleaner.clean()
    const invalid = store.listSecrets().filter(({ labels = {} }) => INVALID_SINCE in labels)
    expect(invalid.map(({ name }) => name)).toEqual(['a', 'c'])
  })

  it('invalidates today what it deletes in a year and a day, when it is on every day', async () => {
    const { cleaner, store, clock } = cleanerOf([secretOf()])
    await cleaner.clean()
    expect(store.getSecret('ns', 's')?.labels).toEqual({ [INVALID_SINCE]: '2030-06-15' })
    const later = (days: number): Promise<void> => {
      clock.advance(days * DAY)
      return cleaner.clean()
    }
    await later(364)
    await later(1)
    expect(store.getSecret('ns', 's')).toBeDefined()
    await later(1)
    expect(store.getSecret('ns', 's')).toBeUndefined()
  })

  it('does nothing any more once it is stopped, not even with the rest of what it looks at', async () => {
    const { cleaner, store } = cleanerOf(
      ['a', 'b'].map((name) => secretOf({}, { name })),
      { mountedSecrets: () => (cleaner.stop(), []) },
    )
    await cleaner.clean()
    await cleaner.clean()
    const invalid = store.listSecrets().filter(({ labels = {} }) => INVALID_SINCE in labels)
    expect(invalid.map(({ name }) => name)).toEqual(['a'])
  })

  it('does nothing once it is stopped', async () => {
    let times = 0
    const { cleaner } = cleanerOf([], { trackedSince: () => String(times++) })
    cleaner.stop()
    await cleaner.clean()
    expect(times).toBe(0)
  })
})
