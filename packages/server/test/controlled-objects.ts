import { generateKeyPairSync } from 'node:crypto'
import { signingKeyFromPem } from '@kube-authn/issuer'
import { fixedClock, settled } from '../../core/test/fakes.ts'
import { runControllers, type RunControllersOptions } from '../src/controllers/run-controllers.ts'
import type { KubeObject } from '../src/registry/kube-object.ts'
import { readKubeObject } from '../src/registry/read-kube-object.ts'
import { registry, type Registry } from '../src/registry/registry.ts'
import type { Resource } from '../src/registry/resource.ts'
import { allResources } from '../src/registry/resources/index.ts'
import { memoryObjectStore, type ObjectStore } from '@kube-authn/store'

export const NOW = Date.UTC(2030, 0, 1)

export const signingKey = await signingKeyFromPem(
  generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'sec1', format: 'pem' })
    .toString(),
)

export function resourceOf(plural: string): Resource {
  return allResources.find((each) => each.plural === plural)!
}

/** How a test opens a store. */
export interface OpenOptions {
  readonly clock: ReturnType<typeof fixedClock>
  readonly maxHistoryChanges?: number
}

/** Objects in a store, and controllers that look after them. */
export interface ControlledObjects {
  readonly clock: ReturnType<typeof fixedClock>
  readonly store: ObjectStore
  readonly objects: Registry
  /** What controllers reported, as in `serviceaccount-controller: boom`. */
  readonly errors: readonly string[]
  readonly run: (options?: Partial<RunControllersOptions>) => ReturnType<typeof runControllers>
  readonly create: (plural: string, path: string, fields?: object) => Promise<KubeObject>
  readonly get: (plural: string, path: string) => Promise<KubeObject | undefined>
  readonly update: (
    plural: string,
    path: string,
    change: (old: KubeObject) => KubeObject,
  ) => Promise<KubeObject>
  readonly remove: (plural: string, path: string) => Promise<unknown>
  readonly list: (plural: string, namespace?: string) => Promise<readonly KubeObject[]>
  /** Settles when nothing has changed for a while, and no controller has anything to do. Resolves to the number of changes until then. */
  readonly quiet: () => Promise<number>
  readonly dispose: () => Promise<void>
}

export type Open = (options: OpenOptions) => Promise<ObjectStore>
export const openMemory: Open = (options) => Promise.resolve(memoryObjectStore(options))

/** @param wrapped what the controllers get instead of the store. */
export async function controlledObjects(
  open: Open = openMemory,
  wrapped: (store: ObjectStore) => ObjectStore = (store) => store,
  rest: Omit<OpenOptions, 'clock'> = {},
): Promise<ControlledObjects> {
  const clock = fixedClock(NOW)
  const store = await open({ clock, ...rest })
  const objects = registry({ store, resources: allResources, clock })
  await objects.createSystemNamespaces()
  const errors: string[] = []
  const running: ReturnType<typeof runControllers>[] = []
  const targetOf = (plural: string, path: string) => {
    const [first = '', second] = path.split('/')
    return second === undefined
      ? { resource: resourceOf(plural), namespace: '', name: first }
      : { resource: resourceOf(plural), namespace: first, name: second }
  }

  return {
    clock,
    store,
    objects,
    errors,
    run(options = {}) {
      const controllers = runControllers({
        store: wrapped(store),
        clock,
        signingKey,
        rootCA: 'CA',
        controllers: ['*', 'tokencleaner', 'bootstrapsigner'],
        onError: (error, { controller = 'store', object }) =>
          void errors.push(`${controller}${object === undefined ? '' : ` ${object}`}: ${String(error)}`),
        ...options,
      })
      running.push(controllers)
      return controllers
    },
    async create(plural, path, fields = {}) {
      const { name, ...place } = targetOf(plural, path)
      const { metadata = {}, ...others } = fields as { readonly metadata?: object }
      const sent = readKubeObject({ ...others, metadata: { ...metadata, name } }, place.resource)
      if (sent.errors.errors.length > 0) throw new Error(sent.errors.toString())
      return objects.create(place, sent.object)
    },
    get: (plural, path) => objects.get(targetOf(plural, path)).catch(() => undefined),
    update: (plural, path, change) => objects.update(targetOf(plural, path), change),
    remove: (plural, path) => objects.delete(targetOf(plural, path)),
    list: async (plural, namespace = '') =>
      (await objects.list({ resource: resourceOf(plural), namespace })).items,
    async quiet() {
      const before = await store.revision()
      for (let turns = 0, last = -1; turns < 5;) {
        await Promise.all(running.map((each) => each.synced()))
        await settled()
        const revision = await store.revision()
        turns = revision === last ? turns + 1 : 0
        last = revision
      }
      return (await store.revision()) - before
    },
    async dispose() {
      await Promise.all(running.map((each) => each.close()))
      await store.close()
    },
  }
}

/** A value of a stored secret. */
export function dataOf(secret: KubeObject | undefined, key: string): string | undefined {
  const value = (secret?.['data'] as Record<string, string> | undefined)?.[key]
  return value === undefined ? undefined : atob(value)
}
