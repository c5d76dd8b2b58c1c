import { type Clock, systemClock } from '../../internal/clock.ts'
import type { SigningKey } from '../jwt/pem-keys.ts'
import {
  aBoolean,
  aClock,
  aFunction,
  aString,
  checkOptions,
  must,
  type OptionsShape,
  required,
  wholeNumber,
  withMethods,
} from '../../internal/options/index.ts'
import { systemRandom } from '../../internal/random.ts'
import type { Secret } from '../../internal/secret.ts'
import type { ServiceAccount } from '../service-account/objects.ts'
import { workQueue } from '../../internal/work-queue.ts'
import { checkSecret, type SeenSecret, seenSecretOf } from './check-secret.ts'
import { checkServiceAccount, type SeenServiceAccount } from './check-service-account.ts'
import type { TokensControllerStore } from './store.ts'
import { newTokenSecret } from './token-secret.ts'

/** Options of {@link tokensController}. */
export interface TokensControllerOptions {
  readonly store: TokensControllerStore
  /** What tokens are signed with (`--service-account-private-key-file`). */
  readonly key: SigningKey
  /** The authority that clients are to trust, as PEM: `ca.crt` in every secret (`--root-ca-file`). Default: none is put there. */
  readonly rootCA?: string
  /**
   * Whether every service account is given a secret with a token, as Kubernetes 1.6 to 1.23 did. Such a token never expires. Default
   * `false`: a secret is made by hand, or a token comes from the TokenRequest API.
   */
  readonly createSecrets?: boolean
  /** How many secrets, and how many service accounts, are looked at at a time (`--concurrent-serviceaccount-token-syncs`). Default 5. */
  readonly concurrency?: number
  /** How often it tries again what failed, waiting 5 ms and each time twice as long. Default 10. */
  readonly maxRetries?: number
  /** Default: the runtime's clock. */
  readonly clock?: Clock
  /** A number from 0 to below 1, for the names of secrets. Default: from the runtime's source of secrets. */
  readonly random?: () => number
  /** Told of everything that failed, each time. */
  readonly onError?: (error: unknown) => void
}

const shape: OptionsShape<TokensControllerOptions> = {
  store: required(
    withMethods('a store of service accounts and secrets', 'getServiceAccount', 'getSecret', 'listSecrets'),
  ),
  key: required(
    must(
      'must be a key, as signingKeyFromPem(...) makes',
      (value) => typeof value === 'object' && value !== null && 'key' in value,
    ),
  ),
  rootCA: aString,
  createSecrets: aBoolean,
  concurrency: wholeNumber(1),
  maxRetries: wholeNumber(0),
  clock: aClock,
  random: aFunction,
  onError: aFunction,
}

/** Keeps secrets with tokens in step with service accounts. */
export interface TokensController {
  /**
   * Looks at a service account: at the start for every one, and whenever one was added, changed or deleted. Settles when it has looked
   * once, however that went.
   */
  checkServiceAccount(serviceAccount: SeenServiceAccount): Promise<void>
  /** Looks at a secret, on the same occasions. One that was deleted is told of as it was last seen. */
  checkSecret(secret: Secret): Promise<void>
  /** Calls off everything that is still to come. */
  stop(): void
}

/**
 * Looks after secrets of type `kubernetes.io/service-account-token`. A secret that names a service account gets a token for it, its namespace
 * and the root CA. It is deleted when there is no such service account. When a secret is gone, its service account no longer names it.
 *
 * Objects are read when they are looked at, changed only if they still are as they were read, and deleted only if they still are the same.
 * Who comes too late is told of the change, and looks again. When something cannot be read, nothing is changed.
 *
 * Source: kubernetes `pkg/controller/serviceaccount/tokens_controller.go`; KEP-2799.
 *
 * @throws {ConfigurationError} when an option cannot work.
 * @example
 * const controller = tokensController({ store, key: await signingKeyFromPem(pem), rootCA })
 * await controller.checkSecret(secret)
 */
export function tokensController(options: TokensControllerOptions): TokensController {
  checkOptions(shape, options)
  const { store, key, rootCA = '', createSecrets = false } = options
  const { concurrency = 5, maxRetries = 10, clock = systemClock, random = systemRandom, onError } = options
  const content = { key, rootCA }
  const queues = { concurrency, maxRetries, clock, onError }
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
