import { objectAnswer } from '../objects/answer.ts'
import { asksFor, asksForConversion, jsonClauses } from '../objects/accept.ts'
import type { AuthenticationRequest, RequestHeaders } from '@kube-authn/core'
import type { HttpAnswer } from '@kube-authn/core/adapter'
import { methodNotAllowed, notAcceptable, notServed } from '@kube-authn/core/internal'
import type { DiscoveryDocuments } from './documents.ts'

/**
 * Answers a request for a document of discovery: `/api` and `/apis` in the form that the client prefers.
 *
 * Source: apiserver `pkg/endpoints/discovery/aggregated/wrapper.go`.
 *
 * @throws {StatusError} 404 if there is no document at the path, 405, or 406 if the client does not accept JSON.
 */
export function answerDiscovery(
  { method, path, headers }: Pick<AuthenticationRequest, 'method' | 'path' | 'headers'>,
  documents: DiscoveryDocuments,
): HttpAnswer {
  const document = documents.document(path)
  if (document === undefined) throw notServed()
  if (method !== 'GET') throw methodNotAllowed('GET')
  const prefix = path.endsWith('/') ? path.slice(0, -1) : path
  if (prefix !== '/api' && prefix !== '/apis') {
    jsonClauses(headers)
    return objectAnswer(200, document)
  }
  const isAggregated = wantsAggregated(headers)
  const { headers: sent, ...rest } = objectAnswer(200, isAggregated ? documents.aggregated(prefix) : document)
  return {
    ...rest,
    headers: { ...sent, vary: 'Accept', ...(isAggregated && { 'content-type': AGGREGATED_TYPE }) },
  }
}

const AGGREGATED_TYPE = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

function wantsAggregated(headers: RequestHeaders): boolean {
  const clauses = jsonClauses(headers)
  for (const clause of clauses) {
    if (!asksForConversion(clause)) return false
    if (asksFor(clause, 'APIGroupDiscoveryList', 'apidiscovery.k8s.io', ['v2'])) return true
  }
  if (clauses.length > 0) throw notAcceptable(['application/json'])
  return false
}
