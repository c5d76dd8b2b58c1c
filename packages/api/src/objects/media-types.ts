import { PROTOBUF_MEDIA_TYPE } from '../protobuf/decode-object.ts'
import { notAcceptable, unsupportedMediaType } from '@kube-authn/core/internal'
import type { RequestHeaders } from '@kube-authn/core'
import { type AcceptClause, jsonClauses } from './accept.ts'

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
  const clauses = jsonClauses(headers)
  // With one of these, the client wants the answer converted: to a table, another version or a stream.
  const isPlain = ({ parameters }: AcceptClause): boolean =>
    TRANSFORMATIONS.every((name) => (parameters.get(name) ?? '') === '')
  if (clauses.length > 0 && !clauses.some(isPlain)) throw notAcceptable([JSON_MEDIA_TYPE])
}

const TRANSFORMATIONS = ['as', 'g', 'v', 'stream', 'sv']
const PARAMETER = /^[\w!#$%&'*+.^`|~-]+=(?:[\w!#$%&'*+.^`|~-]+|"[^"]*")$/
