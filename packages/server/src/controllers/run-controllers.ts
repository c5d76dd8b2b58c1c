import type { Awaitable, Clock, ConfigurationProblem, Observer, KubernetesVersion } from '@kube-authn/core'
import type { Authorizer } from '@kube-authn/core/authorization'
import {
  aClock,
  aKubernetesVersion,
  anAuthorizer,
  aString,
  elapsedTimeOf,
  must,
  nested,
  optionProblems,
  refuseProblems,
  tell,
  withFurtherProblems,
  withMethods,
} from '@kube-authn/core/internal'
import {
  aBoolean,
  aFunction,
  listOf,
  notify,
  type OptionsShape,
  required,
  wholeNumber,
} from '@kube-authn/core/adapter'
import type { SigningKey } from '@kube-authn/issuer'
import { aSigningKey } from '@kube-authn/issuer/internal'
import { registry } from '../registry/registry.ts'
import { allResources } from '../registry/resources/index.ts'
import { storeClock } from '@kube-authn/store/internal'
import type { ObjectStore } from '@kube-authn/store'
import {
  controllersProblems,
  isNamed,
  selectedControllers,
  STANDARD_CONTROLLERS,
} from './standard-controllers.ts'
import { electedControllers } from './leader-election/leader-election.ts'
import {
  electionProblems,
  electionSettings,
  type LeaderElectionOptions,
  leaderElectionShape,
} from './leader-election/election-settings.ts'
import {
  type ControllerErrorSource,
  controllerLoop,
  type ControllerLoopOptions,
  type ControllersAtWork,
  type RunningControllers,
} from './loop/controller-loop.ts'
import { observedStore } from './loop/store-outages.ts'

/** Options of {@link runControllers}. */
export interface RunControllersOptions {
  /** The store of `kubernetesApi`. */
  readonly store: ObjectStore
  /**
   * Which controllers run, as of `--controllers`: `*` for all that are on by default, `tokencleaner` for one more, `-tokencleaner` for one less. The names are those
   * of kube-controller-manager, today's and those of 1.6. Default `['*']`: all except the bootstrap signer and the token cleaner, as in Kubernetes.
   */
  readonly controllers?: readonly string[]
  /** Signs tokens in secrets (`--service-account-private-key-file`). Without it, secrets of service accounts stay without a token. */
  readonly signingKey?: SigningKey
  /** The CA in PEM that signs approved certificate requests (`--cluster-signing-cert-file`, `--cluster-signing-key-file`): asked for each certificate. Default: none are signed. */
  readonly signingAuthority?: () => Awaitable<{ readonly certificate: string; readonly privateKey: string }>
  /** How long a certificate is valid at most (`--cluster-signing-duration`). Default 31,536,000, a year. */
  readonly signingDurationSeconds?: number
  /** Decides which nodes get a client certificate without an approval by a user. Default: none. */
  readonly authorizer?: Authorizer
  /** The CA that clients should trust, as PEM: in token secrets, and in each namespace as `kube-root-ca.crt` (`--root-ca-file`). Default: none. */
  readonly rootCA?: string
  /** Whether every service account is given a token secret, as in Kubernetes 1.6 to 1.23. Such tokens never expire. Default `false`. */
  readonly createSecrets?: boolean
  /** A kubeconfig without credentials, which is kept in the ConfigMap `kube-public/cluster-info` for machines that join. Default: none. */
  readonly clusterInfoKubeconfig?: string
  /**
   * Whether every server of this store records the use of tokens in secrets: whether `objects` of `legacyServiceAccountToken` has `labelSecret`. Only then unused
   * tokens can be told, and are cleaned up. Default `false`.
   */
  readonly recordsTokenUse?: boolean
  /**
   * How long a token in a secret must be unused to be invalidated, and how long after that its secret is deleted
   * (`--legacy-service-account-token-clean-up-period`). Default 31,536,000, a year. At most a hundred years.
   */
  readonly cleanUpPeriodSeconds?: number
  /** The release whose controllers run: since 1.36, certificate requests that were approved and got no certificate are deleted after a day. Default `1.36`. */
  readonly kubernetesVersion?: KubernetesVersion
  /** Of several processes over one store, only one runs its controllers at a time: who has a lease in the store. Default: every process runs them. */
  readonly leaderElection?: LeaderElectionOptions
  /**
   * Writes audit events of revocations that ended, as deletions by `system:apiserver`: `auditLog(...)`, or the `observer` of `auditFile(...)`. Default: no audit.
   */
  readonly audit?: Observer
  /** Receives the event `leaderElection`. Default: none. */
  readonly observer?: Observer
  /** Default: that of the store. */
  readonly clock?: Clock
  /** Called with each error and what failed. A store that fails is reported once, until it works again. */
  readonly onError?: (error: unknown, source: ControllerErrorSource) => void
}

const HUNDRED_YEARS_SECONDS = 100 * 365 * 86_400

const shape: OptionsShape<RunControllersOptions> = {
  store: required(withMethods('a store of objects', 'get', 'list', 'create', 'update', 'delete', 'watch')),
  controllers: listOf(aString),
  signingKey: aSigningKey,
  signingAuthority: aFunction,
  signingDurationSeconds: wholeNumber(1),
  authorizer: anAuthorizer,
  rootCA: aString,
  createSecrets: aBoolean,
  clusterInfoKubeconfig: aString,
  recordsTokenUse: aBoolean,
  cleanUpPeriodSeconds: must(
    'must be above 0 and at most a hundred years',
    (value) => typeof value === 'number' && value > 0 && value <= HUNDRED_YEARS_SECONDS,
  ),
  kubernetesVersion: aKubernetesVersion,
  leaderElection: nested(leaderElectionShape),
  observer: aFunction,
  clock: aClock,
  audit: aFunction,
  onError: aFunction,
}

const ALL: readonly string[] = ['*']

/**
 * Runs the controllers of a control plane over the objects of one store, in this process, until they are closed: service accounts, root certificates, tokens in
 * secrets, bootstrap tokens, cluster discovery, certificate signing requests, and aggregated roles.
 *
 * Each change is followed by what belongs to it, a moment later. Several processes may run them over the same store: with `leaderElection` one of them at a time, whose
 * writes count only while it has the lease; without it, a write counts only if the object is as it was read. What fails is tried again, later each time, up to five minutes.
 *
 * Source: kubernetes `cmd/kube-controller-manager`.
 *
 * @throws {ConfigurationError} if an option is invalid, or a controller is named that lacks an option.
 * @example
 * const store = memoryObjectStore()
 * const controllers = runControllers({ store, signingKey, controllers: ['*', 'tokencleaner'], onError: console.error })
 * await controllers.synced()
 */
export function runControllers(options: RunControllersOptions): RunningControllers {
  refuseProblems(withFurtherProblems(optionProblems(shape, options), options, furtherProblems))
  const { clock = storeClock(options.store), onError, leaderElection, observer } = options
  const report = (error: unknown, source: ControllerErrorSource): void =>
    tell((each) => onError?.(each, source), error)
  const { store, isOutage } = observedStore(options.store, clock, (error) => report(error, {}))
  const start = (over: ObjectStore): ControllersAtWork =>
    startControllers(options, { store: over, clock, isOutage, onError: report })
  const elected = (election: LeaderElectionOptions): ControllersAtWork => {
    const settings = electionSettings(election)
    const { identity, leaseName: name } = settings
    return electedControllers({
      store,
      clock,
      elapsedMs: elapsedTimeOf(options.clock),
      settings,
      start,
      onStatus: (status) => notify(observer, { type: 'leaderElection', name, identity, status }),
    })
  }
  const running = leaderElection === undefined ? start(store) : elected(leaderElection)
  return { ...running, [Symbol.asyncDispose]: () => running.close() }
}

function startControllers(
  options: RunControllersOptions,
  { store, clock, isOutage, onError: report }: Omit<ControllerLoopOptions, 'controllers' | 'registry'>,
): ControllersAtWork {
  const { controllers = ALL, rootCA = '', createSecrets = false } = options
  const objects = registry({ store, resources: allResources, clock })
  const stop = new AbortController()
  const loop = controllerLoop({
    store,
    registry: objects,
    controllers: selectedControllers(controllers, {
      ...options,
      rootCA,
      createSecrets,
      registry: objects,
      clock,
      signal: stop.signal,
      onError(error, controller) {
        if (!isOutage(error)) report(error, { controller })
      },
    }),
    clock,
    isOutage,
    onError: report,
  })
  return {
    ...loop,
    close() {
      stop.abort()
      return loop.close()
    },
  }
}

function furtherProblems(options: Partial<RunControllersOptions>): readonly ConfigurationProblem[] {
  const { controllers = ALL, signingKey, createSecrets, leaderElection } = options
  const problems = controllersProblems(STANDARD_CONTROLLERS, controllers).map((message) => ({
    path: 'controllers',
    message,
  }))
  for (const each of STANDARD_CONTROLLERS) {
    const { needs } = each
    if (needs === undefined || !isNamed(each, controllers) || (options[needs] ?? '') !== '') continue
    problems.push({ path: needs, message: `must be given for ${each.name}` })
  }
  if (createSecrets === true && signingKey === undefined) {
    problems.push({ path: 'signingKey', message: 'must be given with createSecrets' })
  }
  if (leaderElection !== undefined) {
    problems.push(
      ...electionProblems(electionSettings(leaderElection), {
        leaseDuration: 'leaderElection.leaseDurationSeconds',
        renewDeadline: 'leaderElection.renewDeadlineSeconds',
      }),
    )
  }
  return problems
}
