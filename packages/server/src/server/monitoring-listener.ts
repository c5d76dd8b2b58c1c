import {
  clientContext,
  type HttpAnswer,
  incomingMessageRequest,
  type StatusError,
} from '@kube-authn/core/adapter'
import { isStatusError, methodNotAllowed, notServed } from '@kube-authn/core/internal'
import { healthAnswers, type HealthCheck, type OnUnhealthy } from '../api/health.ts'
import { internalError } from '../registry/status-errors.ts'
import type { ApiServer } from './api-server-options.ts'
import { cutOff, writeAnswer } from './write-answer.ts'

export interface MonitoringParts {
  readonly checks: readonly HealthCheck[]
  readonly onUnhealthy: OnUnhealthy
  readonly renderMetrics: () => string
}

/** Answers at `/healthz`, `/livez`, `/readyz` and `/metrics`, without a credential, for a server whose own paths are those of something else. */
export function monitoringListener({
  checks,
  onUnhealthy,
  renderMetrics,
}: MonitoringParts): ApiServer['listener'] {
  const health = healthAnswers(checks, onUnhealthy)
  return function listener(req, res) {
    const request = incomingMessageRequest(req)
    const answer = async (): Promise<HttpAnswer> => {
      if (request.path !== '/metrics') return (await health(request, clientContext(req, res))) ?? notServed()
      return request.method === 'GET' || request.method === 'HEAD'
        ? metricsAnswer(renderMetrics())
        : methodNotAllowed('GET, HEAD')
    }
    const refused = (error: unknown): StatusError => (isStatusError(error) ? error : internalError(error))
    void answer()
      .catch(refused)
      .then((answered) => writeAnswer(answered, res, request.method === 'HEAD'))
      .catch(() => cutOff(res))
  }
}

/** Metrics in the Prometheus text format. */
export function metricsAnswer(content: string): HttpAnswer {
  const headers = {
    'content-type': 'text/plain; version=0.0.4; charset=utf-8',
    'cache-control': 'no-cache, private',
  }
  return { status: 200, headers, content }
}
