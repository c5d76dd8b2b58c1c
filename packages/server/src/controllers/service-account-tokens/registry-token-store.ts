import type { Precondition } from '@kube-authn/core/internal'
import { SERVICE_ACCOUNT_SECRET_TYPE, type ServiceAccount } from '@kube-authn/core/service-account'
import type { Secret } from '@kube-authn/core/bootstrap-token'
import { type KubeObject, partIn } from '../../registry/kube-object.ts'
import { meets } from '../../registry/check-object.ts'
import type { Registry } from '../../registry/registry.ts'
import type { Resource } from '../../registry/resource.ts'
import { encoded, secrets } from '../../registry/resources/secrets.ts'
import { serviceAccounts } from '../../registry/resources/service-accounts.ts'
import { deleteUnchanged, objectsOf, readObject, replaceUnchanged } from '../registry-access.ts'
import { referencesOf, secretOf, serviceAccountOf } from '../../credentials/stored-credentials.ts'
import type { Awaitable } from '@kube-authn/core'

/** Changes to a secret: sets these keys and keeps all others. */
export interface SecretPatch {
  readonly data?: Readonly<Record<string, string>>
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

/**
 * Service accounts and secrets with their tokens. Reads must be current: with stale data, a secret in use could be deleted. Any error is treated as
 * an outage. A missing object or a failed precondition is not an error; nothing changes then.
 */
export interface TokenStore {
  /** The service account of this name; `undefined` if there is none. */
  getServiceAccount(namespace: string, name: string): Awaitable<ServiceAccount | undefined>
  /** The secret of this name; `undefined` if there is none. */
  getSecret(namespace: string, name: string): Awaitable<Secret | undefined>
  /** The secrets of type `kubernetes.io/service-account-token`. Other secrets may be included. */
  listSecrets(): Awaitable<Iterable<Secret> | AsyncIterable<Secret>>
  patchSecret(
    namespace: string,
    name: string,
    patch: SecretPatch,
    precondition: Precondition,
  ): Awaitable<void>
  deleteSecret(namespace: string, name: string, precondition: Precondition): Awaitable<void>
  /** Adds a secret and returns it as stored, with its uid. Throws if one of this name exists. */
  createSecret(secret: Secret): Awaitable<Secret>
  /** Sets the `secrets` of a service account. Returns `false` if it is missing or does not meet the precondition. */
  setSecretReferences(
    namespace: string,
    name: string,
    secrets: readonly string[],
    precondition: Precondition,
  ): Awaitable<boolean>
}

/** The service accounts and token secrets of the API server. */
export function registryTokenStore(registry: Registry): TokenStore {
  const read = (resource: Resource, namespace: string, name: string): Promise<KubeObject | undefined> =>
    readObject(registry, { resource, namespace, name })

  /** Changes an object that meets the precondition. @returns whether it was changed. */
  const change = async (
    resource: Resource,
    namespace: string,
    name: string,
    precondition: Precondition,
    changed: (object: KubeObject) => KubeObject,
  ): Promise<boolean> => {
    const object = await read(resource, namespace, name)
    if (object === undefined || !meets(object, precondition)) return false
    return replaceUnchanged(registry, { resource, namespace, name }, changed(object))
  }

  return {
    async getServiceAccount(namespace, name): Promise<ServiceAccount | undefined> {
      const object = await read(serviceAccounts, namespace, name)
      return object && serviceAccountOf(object)
    },
    async getSecret(namespace, name) {
      const object = await read(secrets, namespace, name)
      return object && secretOf(object)
    },
    listSecrets: () => tokenSecrets(registry),
    async createSecret(secret) {
      const { namespace } = secret
      return secretOf(await registry.create({ resource: secrets, namespace }, objectOf(secret)))
    },
    async patchSecret(namespace, name, { data = {}, labels, annotations }, precondition) {
      await change(secrets, namespace, name, precondition, (object) => ({
        ...object,
        data: { ...partIn(object, 'data'), ...encoded(data) },
        metadata: {
          ...object.metadata,
          labels: { ...object.metadata.labels, ...labels },
          annotations: { ...object.metadata.annotations, ...annotations },
        },
      }))
    },
    deleteSecret: (namespace, name, precondition) =>
      deleteUnchanged(registry, { resource: secrets, namespace, name }, precondition),
    setSecretReferences: (namespace, name, references, precondition) =>
      change(serviceAccounts, namespace, name, precondition, (object) => ({
        ...object,
        secrets: references.map(
          (each) => referencesOf(object).find((present) => present['name'] === each) ?? { name: each },
        ),
      })),
  }
}

async function* tokenSecrets(registry: Registry): AsyncGenerator<Secret, void, undefined> {
  const fieldSelector = `type=${SERVICE_ACCOUNT_SECRET_TYPE}`
  const collection = { resource: secrets, namespace: '', fieldSelector }
  for await (const object of objectsOf(registry, collection)) yield secretOf(object)
}

function objectOf({ name, type = '', data, annotations = {} }: Secret): KubeObject {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, annotations }, type, data: encoded(data) }
}
