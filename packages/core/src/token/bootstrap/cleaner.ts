import type { Awaitable } from '../../internal/awaitable.ts'
import { type Clock, systemClock } from '../../internal/clock.ts'
import {
  aClock,
  aFunction,
  checkOptions,
  type OptionsShape,
  required,
  withMethods,
} from '../../internal/options/index.ts'
import { report } from '../../internal/report.ts'
import type { Secret } from '../../internal/secret.ts'
import { workQueue } from '../../internal/work-queue.ts'
import { expirationOf, isBootstrapSecret } from './secret-fields.ts'

/** What the cleaner needs of the secrets in `kube-system`. */
export interface BootstrapSecretStore {
  /** The secret of this name; `undefined` when there is none. */
  getSecret(name: string): Awaitable<Secret | undefined>
  /** Deletes the secret of this name if it still has this uid. That it is gone, or another, is no error. */
  deleteSecret(name: string, precondition: { readonly uid: string | undefined }): Awaitable<void>
}

/** Options of {@link bootstrapTokenCleaner}. */
export interface BootstrapTokenCleanerOptions {
  readonly secrets: BootstrapSecretStore
  /** Default: the runtime's clock. */
  readonly clock?: Clock
  /** Told of a secret that could not be read, which is tried again until it can, or not be deleted, which is not. */
  readonly onError?: (error: unknown) => void
}

const shape: OptionsShape<BootstrapTokenCleanerOptions> = {
  secrets: required(withMethods('a store of secrets', 'getSecret', 'deleteSecret')),
  clock: aClock,
  onError: aFunction,
}

/** Deletes secrets of bootstrap tokens when their time has come. */
export interface BootstrapTokenCleaner {
  /** Looks at the secret of this name: at the start for every secret, and whenever one is added or changed. */
  check(name: string): Promise<void>
  /** Calls off everything that is still to come. */
  stop(): void
}

/**
 * Deletes the secrets of bootstrap tokens that expired, whatever they may be used for, and those whose expiration cannot be read.
 * A secret whose time is still to come is looked at again exactly then. Only secrets of this type in `kube-system` are touched.
 *
 * Source: kubernetes `pkg/controller/bootstrap/tokencleaner.go`.
 *
 * @throws {ConfigurationError} when an option cannot work.
 * @example
 * const cleaner = bootstrapTokenCleaner({ secrets })
 * await cleaner.check(secret.name)
 */
export function bootstrapTokenCleaner(options: BootstrapTokenCleanerOptions): BootstrapTokenCleaner {
  checkOptions(shape, options)
  const { secrets, clock = systemClock, onError } = options
  // One timer for each secret that expires: as many as there are secrets.
  const timers = new Map<string, () => void>()
  let isStopped = false

  const callOff = (name: string): void => {
    timers.get(name)?.()
    timers.delete(name)
  }

  const look = async (name: string): Promise<void> => {
    const secret = await secrets.getSecret(name)
    callOff(name)
    if (isStopped || secret === undefined || !isBootstrapSecret(secret)) return
    const remainingMs = expirationOf(secret) - clock.now()
    if (remainingMs === Infinity) return
    if (remainingMs > 0) {
      timers.set(
        name,
        clock.after(remainingMs, () => void queue.add(name)),
      )
      return
    }
    try {
      await secrets.deleteSecret(name, { uid: secret.uid })
    } catch (error) {
      report(onError, error)
    }
  }

  const queue = workQueue<string>({
    keyOf: (name) => name,
    work: look,
    concurrency: 10,
    maxRetries: Infinity,
    clock,
    onError,
  })

  return {
    check: (name) => queue.add(name),
    stop() {
      isStopped = true
      for (const name of timers.keys()) callOff(name)
      queue.stop()
    },
  }
}
