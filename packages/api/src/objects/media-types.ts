import { PROTOBUF_MEDIA_TYPE } from '../protobuf/decode-object.ts'
import { notAcceptable, unsupportedMediaType } from '@kube-authn/core/internal'
import type { RequestHeaders } from '@kube-authn/core'

/** The media type of objects in JSON. */
export const JSON_MEDIA_TYPE = 'application/json'

/** The media type of objects in YAML. */
export const YAML_MEDIA_TYPE = 'application/yaml'

/** The content types of objects. */
export type ContentType = typeof JSON_MEDIA_TYPE | typeof PROTOBUF_MEDIA_TYPE | typeof YAML_MEDIA_TYPE

/** Those of reviews. */
export const REVIEW_TYPES: readonly ContentType[] = [JSON_MEDIA_TYPE, PROTOBUF_MEDIA_TYPE]
/** Those of objects in a store. */
export const OBJECT_TYPES: readonly ContentType[] = [JSON_MEDIA_TYPE, YAML_MEDIA_TYPE, PROTOBUF_MEDIA_TYPE]

/**
 * The content type of a request body; JSON if the request has no `Content-Type`.
 *
 * Source: apiserver `pkg/endpoints/handlers/negotiation/negotiate.go`; RFC 9110 section 8.3.
 *
 * Deviation: CBOR is not accepted, nor YAML for reviews (`docs/deviations.md`, content of reviews; content of objects).
 *
 * @param types those that are accepted.
 * @throws {StatusError} 415 when the type is not supported.
 */
export function contentTypeOf(headers: RequestHeaders, types: readonly ContentType[]): ContentType {
  const [type = '', ...parameters] = (headers.first('content-type') ?? '')
    .split(';')
    .map((part) => part.trim())
  if (type === '' && parameters.length === 0) return JSON_MEDIA_TYPE
  const known = types.find((each) => each === type.toLowerCase())
  if (known === undefined || !parameters.every((each) => each === '' || PARAMETER.test(each))) {
    throw unsupportedMediaType(types)
  }
  return known
}

/**
 * Requires that the client accepts JSON, which every answer is. It does not matter if the client prefers another type.
 *
 * Source: apiserver `pkg/endpoints/handlers/negotiation/negotiate.go`; RFC 9110 section 12.5.1.
 *
 * Deviation: answers in YAML, protobuf or CBOR are not supported (`docs/deviations.md`, content of reviews).
 *
 * @throws {StatusError} 406 when the client does not accept JSON.
 */
export function requireJsonAccepted(headers: RequestHeaders): void {
  const clauses = clausesFor(headers, [JSON_MEDIA_TYPE])
  // With one of these, the client wants the answer converted: to a table, another version or a stream.
  const isPlain = ({ parameters }: AcceptClause): boolean =>
    TRANSFORMATIONS.every((name) => (parameters.get(name) ?? '') === '')
  if (clauses.length > 0 && !clauses.some(isPlain)) throw notAcceptable([JSON_MEDIA_TYPE])
}

const TRANSFORMATIONS = ['as', 'g', 'v', 'stream', 'sv']
const PARAMETER = /^[\w!#$%&'*+.^`|~-]+=(?:[\w!#$%&'*+.^`|~-]+|"[^"]*")$/

/** What a clause of `Accept` asks for: a media type, and its parameters with names in lower case. */
export interface AcceptClause {
  readonly type: string
  readonly parameters: ReadonlyMap<string, string>
}

/**
 * The clauses of `Accept` that one of these types satisfies, in their order; empty if the client sent none.
 *
 * Source: apiserver `pkg/endpoints/handlers/negotiation/negotiate.go`.
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
