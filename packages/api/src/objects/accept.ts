import { notAcceptable } from '@kube-authn/core/internal'
import type { RequestHeaders } from '@kube-authn/core'

/** What a clause of `Accept` asks for: a media type, and its parameters with names in lower case. */
export interface AcceptClause {
  readonly type: string
  readonly parameters: ReadonlyMap<string, string>
}

/**
 * The clauses of `Accept` that JSON satisfies, in their order; empty if the client sent none.
 *
 * Source: apiserver `pkg/endpoints/handlers/negotiation/negotiate.go`.
 *
 * @throws {StatusError} 406 if the client accepts other types only.
 */
export function jsonClauses(headers: RequestHeaders): readonly AcceptClause[] {
  return clausesFor(headers, ['application/json'])
}

/**
 * The clauses of `Accept` that one of these types satisfies, in their order; empty if the client sent none.
 *
 * @throws {StatusError} 406 if the client accepts other types only.
 */
export function clausesFor(headers: RequestHeaders, types: readonly string[]): readonly AcceptClause[] {
  const ranges = new Set([...types, 'application/*', '*/*'])
  const accept = headers.all('accept').join(',')
  if (accept.trim() === '') return []
  const clauses = accept
    .split(',')
    .map(readClause)
    .filter(({ type, parameters }) => ranges.has(type) && Number(parameters.get('q') ?? 1) > 0)
  if (clauses.length === 0) throw notAcceptable(types)
  return clauses
}

/** Whether a clause asks for a conversion of the answer to another kind. */
export function asksForConversion({ parameters }: AcceptClause): boolean {
  return (parameters.get('as') ?? '') !== ''
}

/** Whether a clause asks for the conversion to this kind. */
export function asksFor(
  { parameters }: AcceptClause,
  kind: string,
  group: string,
  versions: readonly string[],
): boolean {
  const isOfGroup = parameters.get('as') === kind && parameters.get('g') === group
  return isOfGroup && versions.includes(parameters.get('v') ?? '')
}

function readClause(text: string): AcceptClause {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim())
  const pairs = parameters.map((parameter): readonly [string, string] => {
    const [name = '', value = ''] = parameter.split('=').map((part) => part.trim())
    return [name.toLowerCase(), value]
  })
  return { type: type.toLowerCase(), parameters: new Map(pairs) }
}
