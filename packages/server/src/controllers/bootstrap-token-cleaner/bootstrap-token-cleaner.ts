import type { Awaitable, Clock } from '@kube-authn/core'
import { aClock, systemClock, withMethods } from '@kube-authn/core/internal'
import { aFunction, checkOptions, type OptionsShape, required } from '@kube-authn/core/adapter'
import type { Secret } from '@kube-authn/core/bootstrap-token'
import { workQueue } from '../work-queue.ts'
import { cleanBootstrapSecret } from './clean-bootstrap-secret.ts'

/** The access to secrets in `kube-system` that the cleaner needs. */
export interface BootstrapSecretStore {
  /** The secret of this name; `undefined` if there is none. */
  getSecret(name: string): Awaitable<Secret | undefined>
  /** Deletes the secret of this name if it still has this uid and this version. A missing or different secret is not an error. */
  deleteSecret(
    name: string,
    precondition: { readonly uid: string | undefined; readonly resourceVersion?: string | undefined },
  ): Awaitable<void>
}

/** Options of {@link bootstrapTokenCleaner}. */
export interface BootstrapTokenCleanerOptions {
  readonly secrets: BootstrapSecretStore
  /** Default: the runtime's clock. */
  readonly clock?: Clock
  /** Called with errors. What failed is retried until it succeeds. */
  readonly onError?: (error: unknown) => void
}

const shape: OptionsShape<BootstrapTokenCleanerOptions> = {
  secrets: required(withMethods('a store of secrets', 'getSecret', 'deleteSecret')),
  clock: aClock,
  onError: aFunction,
}

/** Deletes the secrets of expired bootstrap tokens. */
export interface BootstrapTokenCleaner {
  /** Checks the secret of this name. Call it at startup for every secret, and whenever one is added or changed. */
  check(name: string): Promise<void>
  /** Cancels all pending checks. */
  stop(): void
}

/**
 * Deletes the secrets of expired bootstrap tokens, whatever their usage, and those with an invalid expiration. A secret that expires later
 * is checked again at that time. Only secrets of this type in `kube-system` are deleted.
 *
 * Source: kubernetes `pkg/controller/bootstrap/tokencleaner.go`.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * const cleaner = bootstrapTokenCleaner({ secrets })
 * await cleaner.check(secret.name)
 */
export function bootstrapTokenCleaner(options: BootstrapTokenCleanerOptions): BootstrapTokenCleaner {
  checkOptions(shape, options)
  const { secrets, clock = systemClock, onError } = options
  let isStopped = false

  const look = async (name: string): Promise<void> => {
    const secret = await secrets.getSecret(name)
    if (isStopped || secret === undefined) return
    const { uid, resourceVersion } = secret
    const remainingMs = await cleanBootstrapSecret(secret, clock.now(), () =>
      secrets.deleteSecret(name, { uid, resourceVersion }),
    )
    // One timer per secret that expires, so bounded by the number of secrets.
    if (remainingMs !== undefined) queue.putLater(name, remainingMs)
  }

  const queue = workQueue<string>({
    keyOf: (name) => name,
    work: look,
    maxConcurrent: 10,
    maxRetries: Infinity,
    clock,
    onError,
  })

  return {
    check: (name) => queue.add(name),
    stop() {
      isStopped = true
      queue.stop()
    },
  }
}
