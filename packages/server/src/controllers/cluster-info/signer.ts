import type { Awaitable, Clock } from '@kube-authn/core'
import { aClock, type Precondition, systemClock, withMethods } from '@kube-authn/core/internal'
import { aFunction, checkOptions, type OptionsShape, required } from '@kube-authn/core/adapter'
import type { Secret } from '@kube-authn/core/bootstrap-token'
import { workQueue } from '../work-queue.ts'
import { type ConfigMapData, type SigningToken, signingTokens, withSignatures } from './cluster-info.ts'

/** The access to secrets in `kube-system` that the signer needs. */
export interface BootstrapSecretLister {
  /** The secrets of bootstrap tokens. Other secrets may be included. */
  listSecrets(): Awaitable<Iterable<Secret>>
}

/** The fields of a `v1` ConfigMap that are used. */
export interface ConfigMap {
  readonly data: ConfigMapData
  /** `metadata.resourceVersion`. Without it, changes since the object was read cannot be detected. */
  readonly resourceVersion?: string
}

/** The ConfigMap `kube-public/cluster-info`. */
export interface ClusterInfoStore {
  /** The ConfigMap; `undefined` if there is none. */
  getConfigMap(): Awaitable<ConfigMap | undefined>
  /** Replaces the data if the ConfigMap still has this version. A missing or changed ConfigMap is not an error. */
  updateConfigMap(data: ConfigMapData, precondition: Precondition): Awaitable<void>
}

/** Options of {@link clusterInfoSigner}. */
export interface ClusterInfoSignerOptions {
  readonly secrets: BootstrapSecretLister
  readonly clusterInfo: ClusterInfoStore
  /** Default: the runtime's clock. */
  readonly clock?: Clock
  /** Called with errors of reading and writing. A failure is retried up to ten times, and with each new check. */
  readonly onError?: (error: unknown) => void
}

const shape: OptionsShape<ClusterInfoSignerOptions> = {
  secrets: required(withMethods('a lister of secrets', 'listSecrets')),
  clusterInfo: required(withMethods('a store of the ConfigMap', 'getConfigMap', 'updateConfigMap')),
  clock: aClock,
  onError: aFunction,
}

/** Keeps the signatures of `kube-public/cluster-info` up to date. */
export interface ClusterInfoSigner {
  /**
   * Checks all signatures. Call it at startup, and whenever the ConfigMap or a secret was added, changed or deleted. Settles after the
   * check, whether or not it succeeded. Only one check runs at a time.
   */
  check(): Promise<void>
  /** Cancels all pending checks. */
  stop(): void
}

/**
 * Signs `kube-public/cluster-info` with every signing bootstrap token, so that a machine with a token can verify the cluster
 * (`BootstrapSigner`). Signatures of deleted tokens are removed, and those of expiring tokens when they expire.
 *
 * If the ConfigMap or the secrets cannot be read, nothing changes.
 *
 * Source: kubernetes `pkg/controller/bootstrap/bootstrapsigner.go`.
 *
 * @throws {ConfigurationError} if an option is invalid.
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
    maxConcurrent: 1,
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
