import { decodeObject } from '../protobuf/decode-object.ts'
import {
  badRequest,
  bodyTooLarge,
  errorList,
  type ErrorList,
  fieldPath,
  isStatusError,
  type ObjectReader,
  type ReadBody,
  readObject,
} from '@kube-authn/core/internal'
import type { AuthenticationRequest } from '@kube-authn/core'
import type { ObjectType } from '../schema/declared-types.ts'
import { decodeJson, type SentValue } from './json.ts'
import {
  contentTypeOf,
  JSON_MEDIA_TYPE,
  OBJECT_TYPES,
  requireJsonAccepted,
  REVIEW_TYPES,
  YAML_MEDIA_TYPE,
} from './media-types.ts'

/** The object that an endpoint accepts. */
export interface ExpectedObject {
  readonly kind: string
  /** A body without a version has the first one. */
  readonly apiVersions: readonly [string, ...string[]]
  /** Its type in protobuf. Default: only the kinds that the decoder knows can be sent in protobuf. */
  readonly type?: ObjectType
}

/** An object that a client sent. Only its kind and version have been checked. */
export interface SentObject {
  readonly apiVersion: string
  readonly object: ObjectReader
  /** The paths of fields that occur more than once. */
  readonly duplicates: readonly string[]
  /** The errors in its fields. They contain no values, since a value may be a token. */
  readonly errors: ErrorList
}

/** The default limit of request bodies: 1 MiB. */
export const MAX_BODY_BYTES = 1_048_576

/**
 * Reads the object in a request body, in JSON or protobuf. Also checks that the client accepts an answer in JSON.
 *
 * Source: apiserver `pkg/endpoints/handlers/create.go`.
 *
 * @throws {StatusError} 406, 415, 413 or 400. The message does not quote the body.
 */
export async function readObjectBody(
  request: AuthenticationRequest,
  body: ReadBody,
  expected: ExpectedObject,
  maxBytes: number,
): Promise<SentObject> {
  requireJsonAccepted(request.headers)
  const { kind, apiVersions } = expected
  const { value, duplicates } = await readBodyValue(request, body, expected, maxBytes)

  const errors = errorList({ hideValues: true })
  const object = readObject(value, fieldPath(), errors, { nullElements: 'empty' })
  if (object === undefined || (object.string('kind') || kind) !== kind) throw badRequest(`not a ${kind}`)
  const apiVersion = object.string('apiVersion') || apiVersions[0]
  if (!apiVersions.includes(apiVersion)) {
    throw badRequest(
      `the API version in the data does not match the expected API version (${apiVersions.join(' or ')})`,
    )
  }
  return { apiVersion, object, duplicates, errors }
}

/**
 * Decodes the object in a request body. Its kind and version are not checked.
 *
 * @param decodeYaml decodes bodies in YAML. Default: only JSON and protobuf are accepted.
 * @throws {StatusError} 415, 413 or 400. The message does not quote the body.
 */
export async function readBodyValue(
  request: AuthenticationRequest,
  body: ReadBody,
  expected: ExpectedObject,
  maxBytes: number,
  decodeYaml?: (bytes: Uint8Array, maxBytes: number) => SentValue,
): Promise<SentValue> {
  const contentType = contentTypeOf(request.headers, decodeYaml === undefined ? REVIEW_TYPES : OBJECT_TYPES)
  const bytes = await readBytes(request, body, maxBytes)
  if (contentType === JSON_MEDIA_TYPE) return decodeJson(bytes)
  if (contentType === YAML_MEDIA_TYPE && decodeYaml !== undefined) return decodeYaml(bytes, maxBytes)
  const value = decodeObject(bytes, { ...expected, apiVersion: expected.apiVersions[0] })
  return { value, duplicates: [] }
}

/** @throws {StatusError} 413 or 400. */
export async function readBytes(
  { headers }: AuthenticationRequest,
  body: ReadBody,
  maxBytes: number,
): Promise<Uint8Array> {
  if (Number(headers.first('content-length') ?? 0) > maxBytes) throw bodyTooLarge(maxBytes)
  let bytes: Uint8Array | undefined
  try {
    bytes = await body(maxBytes)
  } catch (thrown) {
    if (isStatusError(thrown)) throw thrown
    throw badRequest('the body of the request could not be read', thrown)
  }
  if (bytes === undefined) throw bodyTooLarge(maxBytes)
  return bytes
}
