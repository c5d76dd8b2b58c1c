import type { Awaitable } from '@kube-authn/core'
import type { Precondition } from '@kube-authn/core/internal'
import type { ServiceAccount } from '@kube-authn/core/service-account'
import type { Secret } from '@kube-authn/core/bootstrap-token'

/** Changes to a secret: sets these keys and keeps all others. */
export interface SecretPatch {
  readonly data?: Readonly<Record<string, string>>
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

/**
 * Secrets with service account tokens. Reads must be current: with stale data, a secret in use could be deleted. Any error is treated as
 * an outage. A missing object or a failed precondition is not an error; nothing changes then.
 */
export interface TokenSecretStore {
  /** The secrets of type `kubernetes.io/service-account-token` in a namespace or in all. Other secrets may be included. */
  listSecrets(namespace?: string): Awaitable<Iterable<Secret> | AsyncIterable<Secret>>
  patchSecret(
    namespace: string,
    name: string,
    patch: SecretPatch,
    precondition: Precondition,
  ): Awaitable<void>
  deleteSecret(namespace: string, name: string, precondition: Precondition): Awaitable<void>
}

/** Reads service accounts; reads must be current. */
export interface ServiceAccountGetter {
  /** The service account of this name; `undefined` if there is none. */
  getServiceAccount(namespace: string, name: string): Awaitable<ServiceAccount | undefined>
}

/** Service accounts and their secrets. */
export interface TokensControllerStore extends TokenSecretStore, ServiceAccountGetter {
  /** The secret of this name; `undefined` if there is none. */
  getSecret(namespace: string, name: string): Awaitable<Secret | undefined>
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
