import type { AuthenticationRequest, Log } from '@kube-authn/core'
import type { StatusError } from '@kube-authn/core/adapter'
import { logFailure } from '@kube-authn/core/internal'

/** Where an operator learns of failures whose cause no client sees. */
export interface FailureLog {
  /** A request failed for a reason of the server's. */
  readonly failed: (request: AuthenticationRequest, failure: StatusError) => void
  /** A check of health failed. */
  readonly unhealthy: (name: string, error: unknown) => void
}

/** Writes failures as lines of a log. @param log as the option of the middlewares. */
export function failureLog(log: Log | undefined): FailureLog {
  return {
    failed({ method, path }, { status, cause }) {
      logFailure(log, { what: 'a request failed', cause, code: CODE, request: { method, path, status } })
    },
    unhealthy: (name, cause) =>
      logFailure(log, { what: `the health check ${name} failed`, cause, code: CODE }),
  }
}

const CODE = 'KUBE_AUTHN_SERVER'
