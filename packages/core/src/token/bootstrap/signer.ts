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
import type { Precondition, Secret } from '../../internal/secret.ts'
import { workQueue } from '../../internal/work-queue.ts'
import { type ConfigMapData, type SigningToken, signingTokens, withSignatures } from './cluster-info.ts'

/** What the signer needs of the secrets in `kube-system`. */
export interface BootstrapSecretLister {
  /** The secrets of bootstrap tokens. Others may be among them. */
  listSecrets(): Awaitable<Iterable<Secret>>
}

/** The parts of a `v1` ConfigMap that are read here. */
export interface ConfigMap {
  readonly data: ConfigMapData
  /** What the store calls this version of it. Without it nobody can tell whether it changed since it was read. */
  readonly resourceVersion?: string
}

/** The ConfigMap `kube-public/cluster-info`. */
export interface ClusterInfoStore {
  /** The ConfigMap; `undefined` when there is none. */
  getConfigMap(): Awaitable<ConfigMap | undefined>
  /** Gives it this data, if it still is this version. That it is gone, or has changed, is no error. */
  updateConfigMap(data: ConfigMapData, precondition: Precondition): Awaitable<void>
}

/** Options of {@link clusterInfoSigner}. */
export interface ClusterInfoSignerOptions {
  readonly secrets: BootstrapSecretLister
  readonly clusterInfo: ClusterInfoStore
  /** Default: the runtime's clock. */
  readonly clock?: Clock
  /** Told of what could not be read or written. It is tried again, up to ten times, and whenever there is news. */
  readonly onError?: (error: unknown) => void
}

const shape: OptionsShape<ClusterInfoSignerOptions> = {
  secrets: required(withMethods('a lister of secrets', 'listSecrets')),
  clusterInfo: required(withMethods('a store of the ConfigMap', 'getConfigMap', 'updateConfigMap')),
  clock: aClock,
  onError: aFunction,
}

/** Keeps the signatures of `kube-public/cluster-info` as they should be. */
export interface ClusterInfoSigner {
  /**
   * Looks at everything: at the start, and whenever the ConfigMap or a secret was added, changed or deleted. Settles when it has looked,
   * however that went. However often it is called, it looks once at a time.
   */
  check(): Promise<void>
  /** Calls off everything that is still to come. */
  stop(): void
}

/**
 * Signs `kube-public/cluster-info` with every bootstrap token that is for signing, so that a machine with a token can tell a genuine
 * cluster from another (`BootstrapSigner`). Signatures of tokens that are gone are removed, those of one that expires exactly then.
 *
 * When something cannot be read, nothing changes.
 *
 * Source: kubernetes `pkg/controller/bootstrap/bootstrapsigner.go`.
 *
 * @throws {ConfigurationError} when an option cannot work.
 * @example
 * const signer = clusterInfoSigner({ secrets: bootstrapSecrets([secret]), clusterInfo })
 * await signer.check()
 */
export function clusterInfoSigner(options: ClusterInfoSignerOptions): ClusterInfoSigner {
  checkOptions(shape, options)
  const { secrets, clusterInfo, clock = systemClock, onError } = options
  let isStopped = false
  let callOff: (() => void) | undefined

  const look = async (): Promise<void> => {
    const configMap = await clusterInfo.getConfigMap()
    const tokens = signingTokens(await secrets.listSecrets(), clock.now())
    comeBack(tokens)
    const data = configMap && withSignatures(configMap.data, tokens)
    if (data === undefined || isStopped) return
    await clusterInfo.updateConfigMap(data, { resourceVersion: configMap?.resourceVersion })
  }

  const comeBack = (tokens: readonly SigningToken[]): void => {
    callOff?.()
    callOff = undefined
    const nextMs = tokens.reduce((soonest, { expiresAtMs }) => Math.min(soonest, expiresAtMs), Infinity)
    if (nextMs === Infinity || isStopped) return
    callOff = clock.after(nextMs - clock.now(), () => void queue.add('cluster-info'))
  }

  const queue = workQueue<string>({
    keyOf: (name) => name,
    work: look,
    concurrency: 1,
    maxRetries: 10,
    clock,
    onError,
  })

  return {
    check: () => queue.add('cluster-info'),
    stop() {
      isStopped = true
      callOff?.()
      queue.stop()
    },
  }
}
