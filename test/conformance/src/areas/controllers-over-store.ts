import type { Secret, ServiceAccount } from '@kube-authn/core/service-account'
import { runControllers } from '@kube-authn/server'
import { memoryObjectStore, type ObjectStore } from '@kube-authn/store'

/*
 * The same vectors for `runControllers`, whose controllers share the rules of the functions over small stores: what is in the store of an API server before
 * and after.
 */

type Options = Parameters<typeof runControllers>[0]

/** Objects in a store. */
export interface StoredObjects {
  readonly put: (resource: string, object: StoredFields) => Promise<void>
  readonly remove: (resource: string, namespace: string, name: string) => Promise<void>
  /** Runs controllers until they are done. Resolves to the number of changes that they made. */
  readonly run: (
    options: Omit<Options, 'store'>,
    inBetween?: () => Promise<void>,
  ) => Promise<{ readonly writes: number }>
  readonly secrets: () => Promise<readonly Secret[]>
  readonly serviceAccounts: () => Promise<readonly ServiceAccount[]>
}

/** The metadata of an object, and its other fields. */
export interface StoredFields {
  readonly metadata: Readonly<Record<string, unknown>> & {
    readonly namespace?: string
    readonly name: string
  }
  readonly [field: string]: unknown
}

export function storedObjects(): StoredObjects {
  const store = memoryObjectStore()
  const keyOf = (resource: string, namespace: string, name: string): string =>
    `/registry/${resource}/${namespace === '' ? '' : `${namespace}/`}${name}`
  const all = async (resource: string): Promise<readonly Stored[]> =>
    (await store.list(`/registry/${resource}/`)).objects.map(({ value }) => JSON.parse(value) as Stored)

  return {
    async put(resource, object) {
      const { namespace = '', name } = object.metadata
      await store.create(keyOf(resource, namespace, name), JSON.stringify({ apiVersion: 'v1', ...object }))
    },
    async remove(resource, namespace, name) {
      await store.delete(keyOf(resource, namespace, name)).catch(() => undefined)
    },
    async run(options, inBetween = () => Promise.resolve()) {
      const errors: unknown[] = []
      const before = await store.revision()
      const controllers = runControllers({ ...options, store, onError: (error) => void errors.push(error) })
      await quiet(store, controllers)
      await inBetween()
      await quiet(store, controllers)
      await controllers.close()
      if (errors.length > 0) throw new AggregateError(errors, 'a controller has failed')
      return { writes: (await store.revision()) - before }
    },
    secrets: async () => (await all('secrets')).map(secretOf),
    serviceAccounts: async () => (await all('serviceaccounts')).map(serviceAccountOf),
  }
}

interface Stored {
  readonly type?: string
  readonly data?: Readonly<Record<string, string>>
  readonly secrets?: readonly { readonly name: string }[]
  readonly metadata: {
    readonly namespace: string
    readonly name: string
    readonly uid: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
}

/** Waits until nothing changes any more. */
async function quiet(store: ObjectStore, controllers: ReturnType<typeof runControllers>): Promise<void> {
  for (let turns = 0, last = -1; turns < 5;) {
    await controllers.synced()
    await new Promise((resolve) => void setTimeout(resolve, 0))
    const revision = await store.revision()
    turns = revision === last ? turns + 1 : 0
    last = revision
  }
}

function secretOf({ type, data = {}, metadata: { labels, ...metadata } }: Stored): Secret {
  return {
    ...metadata,
    data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, atob(value)])),
    ...(type !== undefined && { type }),
    ...(labels !== undefined && { labels }),
  }
}

function serviceAccountOf({ secrets = [], metadata: { namespace, name, uid } }: Stored): ServiceAccount {
  return { namespace, name, uid, secrets: secrets.map((secret) => secret.name) }
}

/** Strings as in the `data` of a stored secret. */
export function encoded(data: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, btoa(value)]))
}
