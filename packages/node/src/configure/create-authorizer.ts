import { DEFAULT_KUBERNETES_VERSION } from '@kube-authn/internal/kubernetes-version'
import { type Clock, type Observer, ConfigurationError, type KubernetesVersion } from '@kube-authn/core'
import {
  aClock,
  aKubernetesVersion,
  anAuthorizer,
  aString,
  type Check,
  isPromiseLike,
  namedUnion,
  nested,
  without,
  defined,
  optionProblems,
  refuseProblems,
  withFurtherProblems,
} from '@kube-authn/core/internal'
import {
  type Authorizer,
  allowPaths,
  alwaysDeny,
  MASTERS_GROUP,
  privilegedGroups,
  type RuleResolver,
} from '@kube-authn/core/authorization'
import { aFunction, listOf, type OptionsShape, required } from '@kube-authn/core/adapter'
import {
  type AuthorizationConfigurationAtOptions,
  authorizationConfigurationAtShape,
  authorizationConfigurationAt,
} from '../at/authorization-configuration-at.ts'
import { aFile, somePaths } from '../options/file-option.ts'
import { type RbacAtOptions, rbacAtShape, rbacAt } from '../at/rbac-at.ts'
import {
  type WebhookAuthorizerAtOptions,
  webhookAuthorizerAtShape,
  webhookAuthorizerAt,
} from '../webhook/webhooks-at.ts'
import { type Opener, opener, problemsOfMaking } from './opener.ts'
import { closeable, type Closeable } from '../options/closeable.ts'

/** Files and folders with manifests of roles and bindings, or options with them. */
export type RbacManifests =
  | string
  | readonly string[]
  | ({ readonly paths: string | readonly string[] } & RbacAtOptions)

/** Options of {@link createAuthorizer}. */
export interface CreateAuthorizerOptions {
  /** The roles and bindings: files and folders, options with them (`paths`), or an authorizer such as from `rbac`. */
  readonly rbac?: RbacManifests | Authorizer
  /**
   * The kubeconfig of a SubjectAccessReview webhook (`--authorization-webhook-config-file`), or options with its path. Consulted after `rbac`.
   */
  readonly webhook?: string | ({ readonly path: string } & WebhookAuthorizerAtOptions)
  /**
   * A file with an `AuthorizationConfiguration` (`--authorization-config`), or options with its path: the authorizers and their order. Its type RBAC
   * is `rbac`. Excludes `webhook`, which belongs in the file.
   */
  readonly authorizationConfig?:
    | string
    | ({ readonly path: string } & Omit<AuthorizationConfigurationAtOptions, 'rbac'>)
  /** Non-resource paths that every user may request (`--authorization-always-allow-paths`). Default: none. */
  readonly alwaysAllowPaths?: readonly string[]
  /** Further authorizers, consulted after all others. */
  readonly authorizers?: readonly Authorizer[]
  /** The release whose reasons and expressions there are. Default `1.36`. */
  readonly kubernetesVersion?: KubernetesVersion
  /** Receives notices about files, and their reloads. */
  readonly observer?: Observer
  readonly clock?: Clock
}

const manifests: Check = (value, path) => {
  if (Array.isArray(value) || typeof value !== 'object' || value === null) return somePaths(value, path)
  if (isAuthorizer(value)) return []
  if (isPromiseLike(value)) return anAuthorizer(value, path)
  return nested({ ...rbacAtShape, paths: required(somePaths) })(value, path)
}

/** Whether the option `rbac` is already an authorizer. */
export function isAuthorizer(value: object): value is Authorizer {
  return 'authorize' in value && typeof value.authorize === 'function'
}

const createAuthorizerShape: OptionsShape<CreateAuthorizerOptions> = {
  rbac: manifests,
  webhook: aFile(webhookAuthorizerAtShape),
  authorizationConfig: aFile(without(authorizationConfigurationAtShape, 'rbac')),
  alwaysAllowPaths: listOf(aString),
  authorizers: listOf(anAuthorizer),
  kubernetesVersion: aKubernetesVersion,
  observer: aFunction,
  clock: aClock,
}

/** An authorizer that may watch files and hold connections. */
export type NodeAuthorizer = Authorizer & Partial<RuleResolver> & Closeable

/**
 * Creates the whole chain from files and options: members of `system:masters` may do everything, every user may request the paths of
 * `alwaysAllowPaths`, then `rbac`, `webhook` and `authorizers` are consulted in this order, or the authorizers of `authorizationConfig` in theirs.
 *
 * Source: kubernetes `pkg/kubeapiserver/authorizer/config.go`.
 *
 * @throws {ConfigurationError} with every problem found, if an option is invalid or a file cannot be used.
 * @example
 * const authorizer = createAuthorizer({ rbac: '/etc/my-app/roles/' })
 */
export function createAuthorizer(options: CreateAuthorizerOptions = {}): NodeAuthorizer {
  const found = optionProblems(createAuthorizerShape, options)
  if (found.length > 0) {
    refuseProblems(withFurtherProblems(found, options, (sound) => problemsOfMaking(() => chainOf(sound))))
  }
  const { rbac, webhook, authorizationConfig, authorizers = [] } = options
  if ([rbac, webhook, authorizationConfig, ...authorizers].every((each) => each === undefined)) {
    refuseProblems([{ path: 'authorizers', message: NO_METHOD }])
  }
  return chainOf(options)
}

const NO_METHOD =
  "no authorizer configured; name one, as in createAuthorizer({ rbac: '/etc/my-app/roles/' }), or webhook, " +
  'authorizationConfig, authorizers'

function chainOf(options: CreateAuthorizerOptions): NodeAuthorizer {
  const { observer, clock, alwaysAllowPaths = [], authorizers = [] } = options
  const { kubernetesVersion = DEFAULT_KUBERNETES_VERSION } = options
  const shared = defined({ observer, clock })
  const parts = opener()
  const paths =
    alwaysAllowPaths.length === 0
      ? undefined
      : parts.attempt('alwaysAllowPaths', () => allowPaths(alwaysAllowPaths))
  const isExcluded = options.authorizationConfig !== undefined && options.webhook !== undefined
  const ofRbac = rbacOf(options.rbac, shared, parts)
  const configured = parts.openAt('authorizationConfig', options.authorizationConfig, shared, (path, own) =>
    authorizationConfigurationAt(path, {
      kubernetesVersion,
      ...own,
      // If unusable, it is reported once, and not again as missing.
      ...(options.rbac !== undefined && { rbac: ofRbac ?? alwaysDeny() }),
    }),
  )
  const ofWebhook = isExcluded
    ? undefined
    : parts.openAt('webhook', options.webhook, shared, webhookAuthorizerAt)
  const problems = [...parts.problems, ...(isExcluded ? [{ path: 'webhook', message: IN_FILE }] : [])]
  if (problems.length > 0) {
    parts.close()
    throw new ConfigurationError(problems)
  }
  // The configuration adds `system:masters` itself.
  const first = configured === undefined ? privilegedGroups(MASTERS_GROUP) : undefined
  const named = (configured === undefined ? [ofRbac, ofWebhook, ...authorizers] : authorizers)
    .filter((authorizer) => authorizer !== undefined)
    .map((authorizer) => ({ authorizer, name: authorizer.name }))
  const unnamed = [first, paths, configured]
    .filter((authorizer) => authorizer !== undefined)
    .map((authorizer) => ({ authorizer }))
  return closeable({ ...namedUnion([...unnamed, ...named], kubernetesVersion) }, parts.close)
}

const IN_FILE = 'cannot be set together with authorizationConfig: configure the webhook in that file'

function rbacOf(
  given: CreateAuthorizerOptions['rbac'],
  shared: Pick<CreateAuthorizerOptions, 'observer' | 'clock'>,
  parts: Opener,
): Authorizer | undefined {
  if (given === undefined || (typeof given === 'object' && isAuthorizer(given))) return given
  const { paths, ...own } = typeof given === 'object' && 'paths' in given ? given : { paths: given }
  return parts.openFile('rbac', () => rbacAt(paths, { ...shared, ...own }))
}
