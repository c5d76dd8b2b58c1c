import { ConfigurationError } from '@kube-authn/core'
import type { HttpFetch } from '@kube-authn/node'
import { closeable } from '@kube-authn/node/internal'
import type { Connect } from '@kube-authn/server/internal'

/** A server of a case, which no network is needed for. */
export interface ClientServer {
  readonly connect: Connect
  /** The `Authorization` of each request. */
  readonly seen: readonly (string | null)[]
  /** How often a connection with another client certificate was begun. */
  readonly certificates: readonly string[]
  closed(): number
}

/** Answers each request with the next status, and the last of them for ever. */
export function clientServer(statuses: readonly number[] = [200]): ClientServer {
  const seen: (string | null)[] = []
  const certificates: string[] = []
  let closed = 0
  return {
    seen,
    certificates,
    closed: () => closed,
    connect({ cert }): HttpFetch {
      if (cert !== undefined) certificates.push(cert)
      const call = (_: string | URL, { headers }: Parameters<HttpFetch>[1] = {}): Promise<Response> => {
        const status = statuses[Math.min(seen.length, statuses.length - 1)] ?? 200
        seen.push(new Headers(headers).get('authorization'))
        return Promise.resolve(new Response('{}', { status }))
      }
      return closeable(call, () => void closed++)
    },
  }
}

/** Without the path of a field, which kubectl does not tell. */
function messageOf(thrown: unknown): string {
  if (thrown instanceof ConfigurationError)
    return thrown.problems.map((problem) => problem.message).join('; ')
  return thrown instanceof Error ? thrown.message : String(thrown)
}

/** The message of a call that failed, without what a client puts before that of its credentials. */
export function failureOf(thrown: unknown): { readonly error: string; readonly errorContains: string } {
  const message = messageOf(thrown)
  const error = message.replace(/^getting credentials: /, '')
  return { error, errorContains: error }
}
