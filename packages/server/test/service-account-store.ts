import type { Clock } from '@kube-authn/core'
import { type Precondition, systemClock } from '@kube-authn/core/internal'
import type { LegacyTokenObjects, ServiceAccount } from '@kube-authn/core/service-account'
import type { Secret } from '@kube-authn/core/bootstrap-token'
import type {
  SecretPatch,
  TokenStore,
} from '../src/controllers/service-account-tokens/registry-token-store.ts'

/** Options of {@link serviceAccountStore}. */
export interface ServiceAccountStoreOptions {
  /** The initial service accounts. */
  readonly serviceAccounts?: Iterable<ServiceAccount>
  /** The initial secrets. */
  readonly secrets?: Iterable<Secret>
  /** Sets the creation time of secrets. Default: the runtime's clock. */
  readonly clock?: Clock
}

/** Called for every existing object, and whenever one is added, changed or deleted. It must not block. */
export interface ServiceAccountListener {
  checkServiceAccount(serviceAccount: ServiceAccount): unknown
  checkSecret(secret: Secret): unknown
}

/** Service accounts and secrets in memory. */
export interface ServiceAccountStore extends TokenStore, LegacyTokenObjects {
  getServiceAccount(namespace: string, name: string): ServiceAccount | undefined
  getSecret(namespace: string, name: string): Secret | undefined
  listSecrets(namespace?: string): readonly Secret[]
  createSecret(secret: Secret): Secret
  patchSecret(namespace: string, name: string, patch: SecretPatch, precondition?: Precondition): void
  deleteSecret(namespace: string, name: string, precondition?: Precondition): void
  labelSecret(
    namespace: string,
    name: string,
    label: string,
    value: string,
    precondition?: Precondition,
  ): void
  setSecretReferences(
    namespace: string,
    name: string,
    secrets: readonly string[],
    precondition?: Precondition,
  ): boolean
  /** Adds a service account. Throws if one of this name exists. */
  createServiceAccount(
    serviceAccount: Omit<ServiceAccount, 'uid'> & { readonly uid?: string },
  ): ServiceAccount
  deleteServiceAccount(namespace: string, name: string): void
  /** Calls the listener for every object, now and on each change. Returns a function that removes the listener. */
  watch(listener: ServiceAccountListener): () => void
}

/**
 * Service accounts and secrets in memory.
 */
export function serviceAccountStore(options: ServiceAccountStoreOptions = {}): ServiceAccountStore {
  const { clock = systemClock } = options
  const listeners = new Set<ServiceAccountListener>()
  const accounts = collection<ServiceAccount>((account) => {
    for (const listener of listeners) listener.checkServiceAccount(account)
  })
  const secrets = collection<Secret>((secret) => {
    for (const listener of listeners) listener.checkSecret(secret)
  })
  for (const account of options.serviceAccounts ?? []) accounts.add(account)
  for (const secret of options.secrets ?? []) secrets.add(secret)

  const patchSecret: ServiceAccountStore['patchSecret'] = (namespace, name, patch, precondition) => {
    secrets.change(namespace, name, precondition, (secret) => ({
      ...secret,
      data: { ...secret.data, ...patch.data },
      labels: { ...secret.labels, ...patch.labels },
      annotations: { ...secret.annotations, ...patch.annotations },
    }))
  }

  return {
    getServiceAccount: (namespace, name) => accounts.get(namespace, name),
    createServiceAccount: (account) => accounts.add({ uid: crypto.randomUUID(), ...account }),
    setSecretReferences: (namespace, name, references, precondition) =>
      accounts.change(namespace, name, precondition, (account) => ({ ...account, secrets: [...references] })),
    deleteServiceAccount: (namespace, name) => accounts.remove(namespace, name, {}),
    getSecret: (namespace, name) => secrets.get(namespace, name),
    listSecrets: (namespace) => secrets.list(namespace),
    createSecret: (secret) =>
      secrets.add({ uid: crypto.randomUUID(), creationTimestampMs: clock.now(), ...secret }),
    patchSecret,
    labelSecret: (namespace, name, label, value, precondition) =>
      patchSecret(namespace, name, { labels: { [label]: value } }, precondition),
    deleteSecret: (namespace, name, precondition) => secrets.remove(namespace, name, precondition),
    watch(listener) {
      listeners.add(listener)
      for (const account of accounts.list()) listener.checkServiceAccount(account)
      for (const secret of secrets.list()) listener.checkSecret(secret)
      return () => void listeners.delete(listener)
    },
  }
}

interface Stored {
  readonly namespace: string
  readonly name: string
  readonly uid?: string
  readonly resourceVersion?: string
}

interface Collection<T extends Stored> {
  get(namespace: string, name: string): T | undefined
  list(namespace?: string): readonly T[]
  add(object: T): T
  change(
    namespace: string,
    name: string,
    precondition: Precondition | undefined,
    changed: (object: T) => T,
  ): boolean
  remove(namespace: string, name: string, precondition: Precondition | undefined): void
}

function collection<T extends Stored>(tell: (object: T) => void): Collection<T> {
  const objects = new Map<string, T>()
  let version = 0
  const store = (object: T): T => {
    const stored = { ...object, resourceVersion: String(++version) }
    objects.set(keyOf(object.namespace, object.name), stored)
    tell(stored)
    return stored
  }
  const find = (namespace: string, name: string, precondition: Precondition = {}): T | undefined => {
    const object = objects.get(keyOf(namespace, name))
    return object !== undefined && meets(object, precondition) ? object : undefined
  }
  return {
    get: (namespace, name) => find(namespace, name),
    list: (namespace) =>
      [...objects.values()].filter((object) => namespace === undefined || object.namespace === namespace),
    add(object) {
      if (find(object.namespace, object.name) !== undefined)
        throw new Error('an object of this name already exists')
      return store(object)
    },
    change(namespace, name, precondition, changed) {
      const object = find(namespace, name, precondition)
      if (object === undefined) return false
      store(changed(object))
      return true
    },
    remove(namespace, name, precondition) {
      const object = find(namespace, name, precondition)
      if (object === undefined) return
      objects.delete(keyOf(namespace, name))
      tell(object)
    },
  }
}

function meets(object: Stored, { uid, resourceVersion }: Precondition): boolean {
  return (
    (uid === undefined || object.uid === uid) &&
    (resourceVersion === undefined || object.resourceVersion === resourceVersion)
  )
}

/** Unambiguous for any names. */
function keyOf(namespace: string, name: string): string {
  return JSON.stringify([namespace, name])
}
