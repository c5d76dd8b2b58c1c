import type { ConfigurationProblem, Observer, AuthenticationRequest } from '@kube-authn/core'
import { requirePeerCertificates, type HttpAnswer } from '@kube-authn/core/adapter'
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
  defined,
  methodNotAllowed,
} from '@kube-authn/core/internal'
import { type Shutdown, shutdown } from '@kube-authn/node/internal'
import { type ApiServer, type ApiServerOptions, apiServerShape } from './api-server-options.ts'
import { inFlight } from './in-flight.ts'
import { metricsAnswer } from './monitoring-listener.ts'
import { processMetrics } from './process-metrics.ts'
import { requestChain, type RequestChainParts } from './request-chain.ts'
import { requestKinds } from './request-kinds.ts'
import { failureLog, requestListener, type RequestListenerParts } from './request-listener.ts'
import { reviewAnswers } from '@kube-authn/api/internal'
import { apiAnswers, servedResources } from '../api/api-answers.ts'
import type { KubernetesApi } from '../api/kubernetes-api.ts'
import { watchedWrites } from '../api/write-check.ts'
import { basicChecks, healthAnswers, type OnUnhealthy, shutdownCheck } from '../api/health.ts'
import { MAX_BODY_BYTES } from '../api/object-request.ts'

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
  const { listener, close } = await openApiServer(options)
  return { listener, close, [Symbol.asyncDispose]: close }
}

/** As {@link apiServer}, for a listener that has another one beside it. */
export async function openApiServer(
  options: ApiServerOptions,
): Promise<Pick<ApiServer, 'listener' | 'close'> & { readonly life: Shutdown }> {
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
  const life = shutdown({ delaySeconds, graceSeconds, clock })
  const parts = { authorizer, observer }
  const ofProcess = metrics === undefined ? undefined : processMetrics()
  const served = await routes(options, parts, {
    isReady: () => life.isReady,
    onUnhealthy: failures.unhealthy,
    renderMetrics: metrics && (() => metrics.render() + (ofProcess?.render() ?? '')),
  }).catch((error: unknown) => {
    ofProcess?.close()
    throw error
  })
  const chain = requestChain(options, { ...parts, begin: inFlight({ reading, mutating }, observer) })
  const listener = requestListener({
    chain,
    ...served,
    life,
    observer,
    failures,
    requestTimeoutSeconds,
    clock,
  })
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => (closing ??= life.close().finally(() => ofProcess?.close()))
  return { listener, close, life }
}

/** All of them see each event, whatever the others do. */
function observerOf(...observers: readonly (Observer | undefined)[]): Observer {
  return (event) => {
    for (const each of observers) tell(each, event)
  }
}

const OWN_CHECKS = ['ping', 'store', 'copies', 'clock', 'writes', 'shutdown']

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

interface RouteParts {
  readonly isReady: () => boolean
  readonly onUnhealthy: OnUnhealthy
  readonly renderMetrics: (() => string) | undefined
}

/** The answers to requests that are allowed: reviews, objects, discovery, health, metrics and the documents of an issuer. */
async function routes(
  options: ApiServerOptions,
  { authorizer, observer }: Omit<RequestChainParts, 'begin'>,
  { isReady, onUnhealthy, renderMetrics }: RouteParts,
): Promise<Pick<RequestListenerParts, 'answer' | 'kindOf'>> {
  const { tokens, audiences, clock, issuerDiscovery, healthChecks = [] } = options
  const reviews = reviewAnswers(
    authorizer,
    {
      maxBytes: MAX_BODY_BYTES,
      observer,
      ...defined({ tokens, audiences, clock }),
    },
    () => undefined,
  )
  const writes = watchedWrites(options.store, clock ?? systemClock)
  const answerApi = await apiAnswers(
    { ...options, store: writes.store, observer },
    {
      reviews: reviews.resources,
      audit: options.audit,
      health: healthAnswers(
        [...basicChecks(options), writes.check, ...healthChecks, shutdownCheck(isReady)],
        onUnhealthy,
      ),
    },
  )

  const documentAt = (path: string): HttpAnswer | undefined => {
    if (path === '/metrics' && renderMetrics !== undefined) return metricsAnswer(renderMetrics())
    const document = issuerDiscovery?.documentAt(path)
    return document && { status: 200, headers: document.headers, content: document.body }
  }

  const answer: KubernetesApi['answer'] = async (asked) => {
    const { request, body, caller } = asked
    const review = reviews.handle(request, body, {
      get signal() {
        return asked.signal
      },
      user: caller?.user,
    })
    if (review !== undefined) return review
    const document = documentAt(request.path)
    if (document === undefined) return answerApi(asked)
    return isRead(request) ? document : methodNotAllowed('GET, HEAD')
  }
  return { answer, kindOf: requestKinds([...servedResources(options), ...reviews.resources]) }
}

/** As monitors ask. */
function isRead({ method }: AuthenticationRequest): boolean {
  return method === 'GET' || method === 'HEAD'
}
