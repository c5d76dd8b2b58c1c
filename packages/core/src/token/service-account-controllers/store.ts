import type { Awaitable } from '../../internal/awaitable.ts'
import type { Precondition, Secret } from '../../internal/secret.ts'
import type { ServiceAccount } from '../service-account/objects.ts'

/** What is changed in a secret: these keys get these values, and all others stay. */
export interface SecretPatch {
  readonly data?: Readonly<Record<string, string>>
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

/**
 * Secrets with tokens of service accounts. They must be read as they are now: an old copy could cost a secret that is in use. What a
 * function throws is an outage. That an object is gone, or does not meet a precondition any more, is none: then nothing is changed.
 */
export interface TokenSecretStore {
  /** The secrets of type `kubernetes.io/service-account-token` in a namespace, or in all of them. Others may be among them. */
  listSecrets(namespace?: string): Awaitable<Iterable<Secret>>
  patchSecret(
    namespace: string,
    name: string,
    patch: SecretPatch,
    precondition: Precondition,
  ): Awaitable<void>
  deleteSecret(namespace: string, name: string, precondition: Precondition): Awaitable<void>
}

/** Service accounts, read as they are now. */
export interface ServiceAccountGetter {
  /** The service account of this name; `undefined` when there is none. */
  getServiceAccount(namespace: string, name: string): Awaitable<ServiceAccount | undefined>
}

/** What {@link tokensController} needs. */
export interface TokensControllerStore extends TokenSecretStore, ServiceAccountGetter {
  /** The secret of this name; `undefined` when there is none. */
  getSecret(namespace: string, name: string): Awaitable<Secret | undefined>
  /** Adds a secret and gives it back as it was stored, with its uid. Throws also when there is one of this name. */
  createSecret(secret: Secret): Awaitable<Secret>
  /** Makes these names the `secrets` of a service account; `false` when it is gone or does not meet the precondition. */
  setSecretReferences(
    namespace: string,
    name: string,
    secrets: readonly string[],
    precondition: Precondition,
  ): Awaitable<boolean>
}
