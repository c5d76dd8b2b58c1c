import type { AuthenticationRequest } from '@kube-authn/core'
import { StatusError } from '@kube-authn/core/adapter'
import { firstValues, readDuration } from '@kube-authn/core/internal'

/**
 * How long a request may take: what the client asks for with `timeout`, at most the limit.
 *
 * Source: apiserver `pkg/endpoints/filters/request_deadline.go`.
 *
 * @returns seconds, or the refusal of what is no duration.
 */
export function timeoutOf({ query }: AuthenticationRequest, limitSeconds: number): number | StatusError {
  const wanted = firstValues(query).get('timeout') ?? ''
  if (wanted === '') return limitSeconds
  const read = readDuration(wanted)
  if ('problem' in read) {
    const message = `invalid timeout specified in the request URL - ${read.problem}`
    return new StatusError({ status: 400, reason: 'BadRequest', message })
  }
  return read.seconds > 0 && read.seconds < limitSeconds ? read.seconds : limitSeconds
}

/** The answer to a request that took too long. Source: apiserver `pkg/server/filters/timeout.go`. */
export function timedOut(): StatusError {
  return new StatusError({
    status: 504,
    reason: 'Timeout',
    message: 'Timeout: request did not complete within the allotted timeout',
    details: {},
  })
}
