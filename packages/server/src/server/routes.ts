import type { AuthenticationRequest, Observer } from '@kube-authn/core'
import type { HttpAnswer } from '@kube-authn/core/adapter'
import type { Authorizer } from '@kube-authn/core/authorization'
import { defined, methodNotAllowed } from '@kube-authn/core/internal'
import { reviewAnswers } from '@kube-authn/api/internal'
import { apiAnswers } from '../api/api-answers.ts'
import type { KubernetesApi } from '../api/kubernetes-api.ts'
import { basicChecks, healthAnswers, type HealthCheck, type OnUnhealthy } from '../api/health.ts'
import { MAX_BODY_BYTES } from '../api/object-request.ts'
import type { ApiServerOptions } from './api-server-options.ts'

/** What answers requests besides the options. */
export interface RoutesParts {
  readonly authorizer: Authorizer
  readonly observer: Observer
  /** Whether this server still wants requests. */
  readonly isReady: () => boolean
  readonly onUnhealthy: OnUnhealthy
}

/** The answers to requests that are allowed: reviews, objects, discovery, health, metrics and the documents of an issuer. */
export async function routes(
  options: ApiServerOptions,
  parts: RoutesParts,
): Promise<KubernetesApi['answer']> {
  const { tokens, audiences, clock, metrics, issuerDiscovery, healthChecks = [] } = options
  const { authorizer, observer, isReady, onUnhealthy } = parts
  const reviews = reviewAnswers(
    authorizer,
    {
      maxBytes: MAX_BODY_BYTES,
      observer,
      ...defined({ tokens, audiences, clock }),
    },
    () => undefined,
  )
  const answerApi = await apiAnswers(
    { ...options, observer },
    {
      reviews: reviews.resources,
      health: healthAnswers([...basicChecks(options), ...healthChecks, shutdownCheck(isReady)], onUnhealthy),
    },
  )

  const documentAt = (path: string): HttpAnswer | undefined => {
    if (path === '/metrics' && metrics !== undefined) {
      const headers = {
        'content-type': 'text/plain; version=0.0.4; charset=utf-8',
        'cache-control': 'no-cache, private',
      }
      return { status: 200, headers, content: metrics.render() }
    }
    const document = issuerDiscovery?.documentAt(path)
    return document && { status: 200, headers: document.headers, content: document.body }
  }

  return async function answer(asked) {
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
}

/** As monitors ask. */
function isRead({ method }: AuthenticationRequest): boolean {
  return method === 'GET' || method === 'HEAD'
}

function shutdownCheck(isReady: () => boolean): HealthCheck {
  return {
    name: 'shutdown',
    endpoints: ['readyz'],
    check() {
      if (!isReady()) throw new Error('process is shutting down')
    },
  }
}
