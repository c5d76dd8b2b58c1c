import type { RequestHeaders } from '@kube-authn/core'
import { asksFor, asksForConversion, jsonClauses, notAcceptable } from '@kube-authn/core/internal'

/** The form of an answer that a client prefers among those that are served. */
export type Form = 'object' | 'table'

/**
 * The form of an answer: a table if the client asks for one before plain JSON, as `kubectl get` does.
 *
 * Source: apiserver `pkg/endpoints/handlers/negotiation/negotiate.go`, `pkg/endpoints/handlers/response.go`.
 *
 * @throws {StatusError} 406 if the client accepts none.
 */
export function acceptedForm(headers: RequestHeaders): Form {
  const clauses = jsonClauses(headers)
  if (clauses.length === 0) return 'object'
  for (const clause of clauses) {
    if (!asksForConversion(clause)) return 'object'
    if (asksFor(clause, 'Table', 'meta.k8s.io', ['v1', 'v1beta1'])) return 'table'
  }
  throw notAcceptable(['application/json'])
}
