import { describe, expect, it } from 'vitest'
import { fixedClock } from '../../../core/test/fakes.ts'
import type { Secret } from '@kube-authn/core/bootstrap-token'
import { serviceAccountStore } from './service-account-store.ts'

const account = { namespace: 'ns', name: 'sa', uid: 'u1' }
const secret: Secret = { namespace: 'ns', name: 's', uid: 's1', data: { token: 'T' } }

describe('a store in memory', () => {
  it('gives back what it has, by namespace and name', () => {
    const store = serviceAccountStore({ serviceAccounts: [account], secrets: [secret] })
    expect(store.getServiceAccount('ns', 'sa')).toMatchObject(account)
    expect(store.getSecret('ns', 's')).toMatchObject(secret)
    expect(store.getSecret('ns', 'sa')).toBeUndefined()
    expect(store.getSecret('other', 's')).toBeUndefined()
    expect(store.listSecrets('other')).toEqual([])
    expect(store.listSecrets()).toHaveLength(1)
  })

  it.each(['__proto__', 'constructor', '', 'a","b'])('takes %j for a name like any other', (name) => {
    const store = serviceAccountStore()
    expect(store.getSecret(name, name)).toBeUndefined()
    expect(store.getServiceAccount(name, name)).toBeUndefined()
    store.createSecret({ ...secret, namespace: name, name })
    expect(store.getSecret(name, name)?.data).toEqual({ token: 'T' })
    store.labelSecret(name, name, name, 'x')
    expect(Object.entries(store.getSecret(name, name)?.labels ?? {})).toEqual([[name, 'x']])
  })

  it('gives what is new a uid, a version and a time', () => {
    const store = serviceAccountStore({ clock: fixedClock(5000) })
    const created = store.createSecret({ namespace: 'ns', name: 's', data: {} })
    expect(created).toEqual({
      namespace: 'ns',
      name: 's',
      data: {},
      uid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      resourceVersion: '1',
      creationTimestampMs: 5000,
    })
    expect(store.createServiceAccount({ namespace: 'ns', name: 'sa' }).uid).not.toBe(created.uid)
  })

  it('adds nothing in the place of another', () => {
    const store = serviceAccountStore({ serviceAccounts: [account], secrets: [secret] })
    expect(() => store.createSecret({ ...secret, uid: 's2' })).toThrow(
      'an object of this name already exists',
    )
    expect(() => store.createServiceAccount(account)).toThrow('an object of this name already exists')
    expect(store.getSecret('ns', 's')?.uid).toBe('s1')
  })

  it.each([
    ['another uid', { uid: 'x' }],
    ['an older version', { uid: 's1', resourceVersion: '0' }],
    ['the version of another', { uid: 'x', resourceVersion: '1' }],
  ])('changes nothing that has %s', (_, precondition) => {
    const store = serviceAccountStore({ serviceAccounts: [{ ...account, uid: 's1' }], secrets: [secret] })
    const before = [store.getSecret('ns', 's'), store.getServiceAccount('ns', 'sa')]
    store.patchSecret('ns', 's', { data: { token: 'X' } }, precondition)
    store.deleteSecret('ns', 's', precondition)
    expect(store.setSecretReferences('ns', 'sa', ['s'], precondition)).toBe(false)
    expect([store.getSecret('ns', 's'), store.getServiceAccount('ns', 'sa')]).toEqual(before)
  })

  it('changes what meets the precondition, and what else it has stays', () => {
    const store = serviceAccountStore({
      serviceAccounts: [account],
      secrets: [{ ...secret, labels: { a: 'x' }, annotations: { b: 'y' } }],
    })
    const precondition = { uid: 's1', resourceVersion: store.getSecret('ns', 's')?.resourceVersion }
    store.patchSecret('ns', 's', { data: { namespace: 'ns' }, labels: { a: 'z' } }, precondition)
    expect(store.getSecret('ns', 's')).toMatchObject({
      data: { token: 'T', namespace: 'ns' },
      labels: { a: 'z' },
      annotations: { b: 'y' },
    })
    expect(store.getSecret('ns', 's')?.resourceVersion).not.toBe(precondition.resourceVersion)
    expect(store.setSecretReferences('ns', 'sa', ['s'], {})).toBe(true)
    expect(store.getServiceAccount('ns', 'sa')?.secrets).toEqual(['s'])
    store.deleteSecret('ns', 's', { uid: 's1' })
    expect(store.getSecret('ns', 's')).toBeUndefined()
  })

  it('says of what is gone that it cannot be changed', () => {
    const store = serviceAccountStore()
    store.patchSecret('ns', 's', { data: { token: 'X' } }, {})
    store.deleteSecret('ns', 's', {})
    store.deleteServiceAccount('ns', 'sa')
    expect(store.setSecretReferences('ns', 'sa', [], {})).toBe(false)
    expect(store.listSecrets()).toEqual([])
  })

  it('labels a secret if it still is the same one', () => {
    const store = serviceAccountStore({ secrets: [secret] })
    store.labelSecret('ns', 's', 'l', '1', { uid: 'another' })
    expect(store.getSecret('ns', 's')?.labels).toBeUndefined()
    store.labelSecret('ns', 's', 'l', '1', { uid: secret.uid })
    expect(store.getSecret('ns', 's')?.labels).toEqual({ l: '1' })
  })

  it('tells of what is there, of every change, and of what is deleted as it was last', () => {
    const store = serviceAccountStore({ serviceAccounts: [account], secrets: [secret] })
    const told: string[] = []
    const unwatch = store.watch({
      checkServiceAccount: ({ name, secrets = [] }) => told.push(`${name} ${secrets.join()}`),
      checkSecret: ({ name, labels = {} }) => told.push(`${name} ${labels['l'] ?? ''}`),
    })
    store.labelSecret('ns', 's', 'l', '1')
    store.setSecretReferences('ns', 'sa', ['s'], {})
    store.deleteSecret('ns', 's', {})
    store.deleteServiceAccount('ns', 'sa')
    unwatch()
    store.createSecret(secret)
    expect(told).toEqual(['sa ', 's ', 's 1', 'sa s', 's 1', 'sa s'])
  })
})
