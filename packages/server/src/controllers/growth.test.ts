import { describe, expect, it, onTestFinished } from 'vitest'
import { type ControlledObjects, controlledObjects, openMemory } from '../../test/controlled-objects.ts'
import { names } from '../../test/long-bodies.ts'
import type { ObjectStore } from '@kube-authn/store'

const tokenSecret = (account: string): object => ({
  type: 'kubernetes.io/service-account-token',
  metadata: { annotations: { 'kubernetes.io/service-account.name': account } },
})

/** The characters of values that controllers read and write in a store, with a hundred for each question. */
function counted(store: ObjectStore): { readonly store: ObjectStore; readonly work: () => number } {
  let work = 0
  const count = (...values: readonly string[]): void => {
    for (const value of ['x'.repeat(100), ...values]) work += value.length
  }
  return {
    work: () => work,
    store: {
      ...store,
      async get(key) {
        const found = await store.get(key)
        count(found?.value ?? '')
        return found
      },
      async list(prefix, options) {
        const found = await store.list(prefix, options)
        count(...found.objects.map(({ value }) => value))
        return found
      },
      create(key, value, lifetime) {
        count(value)
        return store.create(key, value, lifetime)
      },
      update(key, value, revision, lifetime) {
        count(value)
        return store.update(key, value, revision, lifetime)
      },
      delete(key, precondition) {
        count()
        return store.delete(key, precondition)
      },
    },
  }
}

/** What controllers do until nothing changes. */
async function workOf(make: (of: ControlledObjects) => Promise<void>): Promise<number> {
  let work = (): number => 0
  const of = await controlledObjects(openMemory, (store) => {
    const own = counted(store)
    work = own.work
    return own.store
  })
  onTestFinished(of.dispose)
  of.run()
  await of.quiet()
  await make(of)
  await of.quiet()
  expect(of.errors).toEqual([])
  return work()
}

describe('the work of controllers', () => {
  it.each<[string, (of: ControlledObjects, count: number) => Promise<void>]>([
    [
      'service accounts',
      async ({ create }, count) => {
        for (const name of names(count)) await create('serviceaccounts', `default/${name}`)
      },
    ],
    [
      'token secrets of one account',
      async ({ create }, count) => {
        await create('serviceaccounts', 'default/cart')
        for (const name of names(count)) await create('secrets', `default/${name}`, tokenSecret('cart'))
      },
    ],
    [
      'token secrets of an account that is deleted',
      async ({ create, remove, quiet }, count) => {
        await create('serviceaccounts', 'default/cart')
        for (const name of names(count)) await create('secrets', `default/${name}`, tokenSecret('cart'))
        await quiet()
        await remove('serviceaccounts', 'default/cart')
      },
    ],
    [
      'token secrets of no account',
      async ({ create }, count) => {
        for (const name of names(count)) await create('secrets', `default/${name}`, tokenSecret('missing'))
      },
    ],
    [
      'secrets that an account names',
      async ({ create }, count) => {
        const secrets = names(count).map((name) => ({ name }))
        await create('serviceaccounts', 'default/cart', { secrets })
        for (const name of names(10)) await create('secrets', `default/${name}`, tokenSecret('cart'))
      },
    ],
    [
      'objects of a namespace that is deleted',
      async ({ create, remove, quiet }, count) => {
        await create('namespaces', 'shop')
        await quiet()
        for (const name of names(count)) await create('configmaps', `shop/${name}`)
        await remove('namespaces', 'shop')
      },
    ],
    [
      'changes of one object',
      async ({ create, update }, count) => {
        await create('configmaps', 'default/m')
        for (const name of names(count)) {
          await update('configmaps', 'default/m', (old) => ({ ...old, data: { name } }))
        }
      },
    ],
  ])('grows with how many there are: %s', async (_, make) => {
    const [none, few, many] = [
      await workOf((of) => make(of, 0)),
      await workOf((of) => make(of, 20)),
      await workOf((of) => make(of, 160)),
    ]
    expect(many - none).toBeLessThan((few - none + 1000) * 8 * 2)
  })
})
