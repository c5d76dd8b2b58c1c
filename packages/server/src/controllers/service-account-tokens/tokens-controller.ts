import type { Clock } from '@kube-authn/core'
import { aClock, aString, systemClock, systemRandom, withMethods } from '@kube-authn/core/internal'
import { aSigningKey, type ServiceAccount, type SigningKey } from '@kube-authn/core/service-account'
import {
  aBoolean,
  aFunction,
  checkOptions,
  type OptionsShape,
  required,
  wholeNumber,
} from '@kube-authn/core/adapter'
import type { Secret } from '@kube-authn/core/bootstrap-token'
import { workQueue } from '../work-queue.ts'
import { checkSecret, type SeenSecret, seenSecretOf } from './check-secret.ts'
import { checkServiceAccount, type SeenServiceAccount } from './check-service-account.ts'
import type { TokensControllerStore } from '../stores.ts'
import { newTokenSecret } from './token-secret.ts'

/** Options of {@link tokensController}. */
export interface TokensControllerOptions {
  readonly store: TokensControllerStore
  /** The signing key (`--service-account-private-key-file`). */
  readonly signingKey: SigningKey
  /** The CA that clients should trust, as PEM: `ca.crt` in every secret (`--root-ca-file`). Default: none. */
  readonly rootCA?: string
  /**
   * Whether every service account is given a token secret, as in Kubernetes 1.6 to 1.23. Such tokens never expire. Default `false`:
   * secrets are created manually, or tokens requested from the TokenRequest API.
   */
  readonly createSecrets?: boolean
  /** How many secrets, and how many service accounts, are processed at once (`--concurrent-serviceaccount-token-syncs`). Default 5. */
  readonly maxConcurrent?: number
  /** How often a failed item is retried; the delay is 5 ms at first and doubles each time. Default 10. */
  readonly maxRetries?: number
  /** Default: the runtime's clock. */
  readonly clock?: Clock
  /** Returns a number from 0 to below 1, for the names of secrets. Default: cryptographically secure. */
  readonly random?: () => number
  /** Called with each error. */
  readonly onError?: (error: unknown) => void
}

const shape: OptionsShape<TokensControllerOptions> = {
  store: required(
    withMethods('a store of service accounts and secrets', 'getServiceAccount', 'getSecret', 'listSecrets'),
  ),
  signingKey: required(aSigningKey),
  rootCA: aString,
  createSecrets: aBoolean,
  maxConcurrent: wholeNumber(1),
  maxRetries: wholeNumber(0),
  clock: aClock,
  random: aFunction,
  onError: aFunction,
}

/** Keeps token secrets in sync with service accounts. */
export interface TokensController {
  /**
   * Processes a service account. Call it at startup for each, and whenever one was added, changed or deleted. Settles after the first
   * attempt, whether or not it succeeded.
   */
  checkServiceAccount(serviceAccount: SeenServiceAccount): Promise<void>
  /** Processes a secret, on the same occasions. Pass the last known state of a deleted one. */
  checkSecret(secret: Secret): Promise<void>
  /** Cancels all pending work. */
  stop(): void
}

/**
 * Manages secrets of type `kubernetes.io/service-account-token`. A secret that names a service account is given a token, the namespace and
 * the root CA; it is deleted if that service account does not exist. References to deleted secrets are removed from service accounts.
 *
 * Objects are read when they are processed, changed only if their version is still the same, and deleted only if their uid is. The change
 * that causes a conflict triggers another check. Nothing is changed if an object cannot be read.
 *
 * Source: kubernetes `pkg/controller/serviceaccount/tokens_controller.go`; KEP-2799.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * const controller = tokensController({ store, signingKey: await signingKeyFromPem(pem), rootCA })
 * await controller.checkSecret(secret)
 */
export function tokensController(options: TokensControllerOptions): TokensController {
  checkOptions(shape, options)
  const { store, signingKey, rootCA = '', createSecrets = false } = options
  const { maxConcurrent = 5, maxRetries = 10, clock = systemClock, random = systemRandom, onError } = options
  const content = { key: signingKey, rootCA }
  const queues = { maxConcurrent, maxRetries, clock, onError }
  const newSecret = createSecrets
    ? (account: ServiceAccount): Promise<Secret> => newTokenSecret(account, content, random)
    : undefined

  const secrets = workQueue<SeenSecret>({
    ...queues,
    keyOf: ({ namespace, name, uid, accountName, accountUid }) =>
      JSON.stringify([namespace, name, uid, accountName, accountUid]),
    work: (secret) => checkSecret(secret, store, content),
  })
  const serviceAccounts = workQueue<SeenServiceAccount>({
    ...queues,
    keyOf: ({ namespace, name, uid }) => JSON.stringify([namespace, name, uid]),
    work: (account) => checkServiceAccount(account, store, newSecret, onError),
  })

  return {
    checkServiceAccount: ({ namespace, name, uid }) => serviceAccounts.add({ namespace, name, uid }),
    checkSecret(secret) {
      const seen = seenSecretOf(secret)
      return seen === undefined ? Promise.resolve() : secrets.add(seen)
    },
    stop() {
      serviceAccounts.stop()
      secrets.stop()
    },
  }
}
