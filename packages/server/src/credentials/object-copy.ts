import { unavailable } from '@kube-authn/core'
import type { KubeObject } from '../registry/kube-object.ts'
import type { Resource } from '../registry/resource.ts'
import { fromStored, keyPrefix } from '../registry/stored-objects.ts'
import {
  RETRY_SECONDS,
  type StoreCache,
  storeCache,
  type StoreCacheOptions,
} from '@kube-authn/store/internal'
import { type StoredObject, StoreError } from '@kube-authn/store'

export interface ObjectCopy<T> {
  readonly cache: StoreCache<T>
  /** @throws {AuthenticationError} `unavailable` if the copy is too old. @throws {StoreError} `storeCorrupted` if the object cannot be read. */
  find(namespace: string, name: string): T | undefined
  /** Calls back whenever the object is another one, or none. Returns a function that stops it. */
  watch(namespace: string, name: string, onChange: () => void): () => void
}

export interface CopiedObjects<T> {
  readonly resource: Resource
  /** Only those in this namespace. Default: all. */
  readonly namespace?: string
  /** As in `service accounts`. */
  readonly what: string
  readonly read: (object: KubeObject) => T
}

export function objectCopy<T>(options: StoreCacheOptions, copied: CopiedObjects<T>): ObjectCopy<T> {
  const { resource, namespace: only = '', what, read } = copied
  const all = keyPrefix(resource, '')
  const keyOf = (namespace: string, name: string): string =>
    namespace === '' ? all + name : `${all}${namespace}/${name}`
  const cache = storeCache<T>(options, {
    prefix: keyPrefix(resource, only),
    what,
    unreadable: 'makes tokens unavailable that need it',
    read: (stored) => read(namedAsItsKey(stored, keyOf)),
  })
  return {
    cache,
    find(namespace, name) {
      const problem = cache.problem()
      if (problem !== undefined) throw unavailable(problem, { retryAfterSeconds: RETRY_SECONDS })
      return canBe(resource, namespace, name) ? cache.get(keyOf(namespace, name)) : undefined
    },
    watch: (namespace, name, onChange) => cache.watch(keyOf(namespace, name), onChange),
  }
}

/** A name with a slash could lead to an object in another namespace. */
function canBe({ isNamespaced }: Resource, namespace: string, name: string): boolean {
  return isNamespaced === (namespace !== '') && !namespace.includes('/') && !name.includes('/')
}

/** @throws {StoreError} `storeCorrupted` */
function namedAsItsKey(stored: StoredObject, keyOf: (namespace: string, name: string) => string): KubeObject {
  const object = fromStored(stored, stored.revision)
  const { namespace = '', name = '' } = object.metadata
  if (stored.key !== keyOf(namespace, name)) {
    throw new StoreError('storeCorrupted', 'the object there has another name')
  }
  return object
}
