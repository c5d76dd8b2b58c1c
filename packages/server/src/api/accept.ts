import type { RequestHeaders } from '@kube-authn/core'
import { notAcceptable } from '@kube-authn/core/internal'

/** The form of an answer that a client prefers among those that are served. */
export type Form = 'object' | 'table'

/** What a clause of `Accept` asks for: a media type, and its parameters in lower case. */
interface Clause {
  readonly type: string
  readonly parameters: ReadonlyMap<string, string>
}

const JSON_RANGES: ReadonlySet<string> = new Set(['application/json', 'application/*', '*/*'])

/**
 * The form of an answer: a table if the client asks for one before plain JSON, as `kubectl get` does.
 *
 * Source: apiserver `pkg/endpoints/handlers/negotiation/negotiate.go`, `pkg/endpoints/handlers/response.go`.
 *
 * @throws {StatusError} 406 if the client accepts none.
 */
export function acceptedForm(headers: RequestHeaders): Form {
  const clauses = clausesOf(headers)
  if (clauses.length === 0) return 'object'
  for (const clause of clauses) {
    const kind = clause.parameters.get('as') ?? ''
    if (kind === '') return 'object'
    if (isConverted(clause, 'Table', 'meta.k8s.io', ['v1', 'v1beta1'])) return 'table'
  }
  throw notAcceptable(['application/json'])
}

/** Whether the client prefers discovery in one document. @throws {StatusError} 406 if the client does not accept JSON. */
export function wantsAggregated(headers: RequestHeaders): boolean {
  const clauses = clausesOf(headers)
  for (const clause of clauses) {
    if ((clause.parameters.get('as') ?? '') === '') return false
    if (isConverted(clause, 'APIGroupDiscoveryList', 'apidiscovery.k8s.io', ['v2'])) return true
  }
  if (clauses.length > 0) throw notAcceptable(['application/json'])
  return false
}

function isConverted(
  { parameters }: Clause,
  kind: string,
  group: string,
  versions: readonly string[],
): boolean {
  const isOfGroup = parameters.get('as') === kind && parameters.get('g') === group
  return isOfGroup && versions.includes(parameters.get('v') ?? '')
}

/** The clauses that JSON satisfies, in their order. Without any, but with others, nothing is acceptable. */
function clausesOf(headers: RequestHeaders): readonly Clause[] {
  const accept = headers.all('accept').join(',')
  if (accept.trim() === '') return []
  const clauses = accept
    .split(',')
    .map(readClause)
    .filter(({ type, parameters }) => JSON_RANGES.has(type) && Number(parameters.get('q') ?? 1) > 0)
  if (clauses.length === 0) throw notAcceptable(['application/json'])
  return clauses
}

function readClause(text: string): Clause {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim())
  const pairs = parameters.map((parameter): readonly [string, string] => {
    const [name = '', value = ''] = parameter.split('=').map((part) => part.trim())
    return [name.toLowerCase(), value]
  })
  return { type: type.toLowerCase(), parameters: new Map(pairs) }
}
