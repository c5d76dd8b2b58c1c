import type { ConfigurationProblem, Observer } from '@kube-authn/core'
import { requirePeerCertificates } from '@kube-authn/core/adapter'
import {
  allow,
  allowPaths,
  type Authorizer,
  noOpinion,
  type RuleResolver,
  unionAuthorizer,
} from '@kube-authn/core/authorization'
import {
  optionProblems,
  refuseProblems,
  systemClock,
  tell,
  withFurtherProblems,
} from '@kube-authn/core/internal'
import { type ApiServer, type ApiServerOptions, apiServerShape } from './api-server-options.ts'
import { inFlight } from './in-flight.ts'
import { lifecycle } from './lifecycle.ts'
import { requestChain } from './request-chain.ts'
import { failureLog, requestListener } from './request-listener.ts'
import { routes } from './routes.ts'

/**
 * An API server for kubectl: objects in a store, reviews, discovery, health, metrics and the keys of service account tokens, behind authentication, audit, impersonation,
 * limits and authorization in kube-apiserver's order.
 *
 * It has no socket: give its listener to a server of Node, created with `tlsServerOptions` of `@kube-authn/node`.
 *
 * Source: apiserver `pkg/server/config.go` DefaultBuildHandlerChain, `pkg/server/genericapiserver.go`.
 *
 * @throws {ConfigurationError} if an option is invalid, or this runtime does not provide the client certificates that the authenticator needs.
 * @throws {StoreError} if the store cannot be written.
 * @example
 * const { listener, close } = await apiServer({ store: memoryObjectStore(), authenticator, authorizer: rbac(policy) })
 * createServer(tlsServerOptions({ cert, key }), listener).listen(6443)
 */
export async function apiServer(options: ApiServerOptions): Promise<ApiServer> {
  refuseProblems(withFurtherProblems(optionProblems(apiServerShape, options), options, repeatedChecks))
  requirePeerCertificates(options.authenticator)
  const {
    authorizer: rules,
    audit,
    metrics,
    alwaysAllowPaths,
    maxRequestsInFlight: reading = 400,
    maxMutatingRequestsInFlight: mutating = 200,
    requestTimeoutSeconds = 60,
    shutdownDelaySeconds: delaySeconds = 0,
    shutdownGraceSeconds: graceSeconds = 60,
    clock = systemClock,
  } = options
  const authorizer =
    alwaysAllowPaths === undefined
      ? unionAuthorizer(rules, readHealth)
      : unionAuthorizer(allowPaths(alwaysAllowPaths), rules)
  const observer = observerOf(options.observer, metrics?.observer, audit)
  const failures = failureLog(options.log ?? options.authenticator.log)
  const life = lifecycle({ delaySeconds, graceSeconds, clock })
  const answer = await routes(options, {
    authorizer,
    observer,
    isReady: () => life.isReady,
    onUnhealthy: failures.unhealthy,
  })
  const chain = requestChain(options, { begin: inFlight({ reading, mutating }), authorizer, observer })
  const listener = requestListener({
    chain,
    answer,
    life,
    observer,
    failures,
    requestTimeoutSeconds,
    clock,
  })
  return { listener, close: () => life.close(), [Symbol.asyncDispose]: () => life.close() }
}

/** All of them see each event, whatever the others do. */
function observerOf(...observers: readonly (Observer | undefined)[]): Observer {
  return (event) => {
    for (const each of observers) tell(each, event)
  }
}

const OWN_CHECKS = ['ping', 'store', 'copies', 'shutdown']

function repeatedChecks({ healthChecks = [] }: Partial<ApiServerOptions>): readonly ConfigurationProblem[] {
  const names = [...OWN_CHECKS, ...healthChecks.map(({ name }) => name)]
  return healthChecks.flatMap(({ name }, index) =>
    names.indexOf(name) === OWN_CHECKS.length + index
      ? []
      : [{ path: `healthChecks[${index}].name`, message: 'must not be the name of another check' }],
  )
}

const PATHS: ReadonlySet<string> = new Set(['/healthz', '/livez', '/readyz'])
const VERBS: ReadonlySet<string> = new Set(['get', 'head'])

/**
 * Allows users to read the health of the server, as the role `system:public-info-viewer` does: a probe must not depend on a copy of the roles, which may be too old to
 * decide anything. It is asked last, so that what roles allow is allowed by them, and lists no rules of its own.
 *
 * Deviation: those who probe need no role (`docs/deviations.md`, health).
 */
const readHealth: Authorizer & RuleResolver = {
  name: 'readHealth',
  authorize: (attributes) =>
    !attributes.resourceRequest && PATHS.has(attributes.path) && VERBS.has(attributes.verb)
      ? allow()
      : noOpinion(),
  rulesFor: () => ({ resourceRules: [], nonResourceRules: [], incomplete: false }),
}
