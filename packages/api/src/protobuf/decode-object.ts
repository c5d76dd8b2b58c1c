import type { ObjectType } from '../schema/declared-types.ts'
import { declaredMessage } from './message-type.ts'
import { knownType } from './messages.ts'
import { type FieldType, message, type MessageFields, readMessage, text } from './schema.ts'
import { StatusError } from '@kube-authn/core/adapter'
import { MalformedMessage, malformed } from '@kube-authn/internal/protobuf-wire'

/** The media type of Kubernetes objects in protobuf. */
export const PROTOBUF_MEDIA_TYPE = 'application/vnd.kubernetes.protobuf'

/** A Kubernetes object; the other fields depend on its kind. */
export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly [field: string]: unknown
}

/**
 * Decodes an object that a client sent as `application/vnd.kubernetes.protobuf`, as kubectl 1.32 and newer do, to its JSON form. Unknown
 * fields are skipped. Supported kinds: the reviews, TokenRequest, and the one that is expected, if its type is given. Its unknown fields are read as `field-` and their
 * number, so that they are refused or reported as any other unknown field is.
 *
 * Source: apimachinery `pkg/runtime/serializer/protobuf`, `pkg/runtime/generated.proto`.
 *
 * Deviation: ambiguous messages are refused, and unknown fields of objects not skipped (`docs/deviations.md`, protobuf; unknown fields in protobuf).
 *
 * @param expected the version and kind if the body does not contain them, and the type of that kind.
 * @throws {StatusError} 400 when the body is malformed, or the kind is not supported. The message does not quote the body.
 * @example
 * const review = decodeObject(new Uint8Array(await request.arrayBuffer()))
 */
export function decodeObject(body: Uint8Array, expected: Expected = {}): KubernetesObject {
  try {
    return readObject(body, expected)
  } catch (thrown) {
    if (!(thrown instanceof MalformedMessage)) throw thrown
    throw new StatusError({
      status: 400,
      reason: 'BadRequest',
      message: `the body of the request is not a Kubernetes protobuf message: ${thrown.message}`,
      cause: thrown.cause,
    })
  }
}

/** What an object is taken for if the body does not say it. */
interface Expected {
  readonly apiVersion?: string
  readonly kind?: string
  readonly type?: ObjectType
}

/** @throws {MalformedMessage} */
function readObject(body: Uint8Array, expected: Expected): KubernetesObject {
  if (MAGIC.some((byte, index) => body[index] !== byte))
    throw malformed('it does not begin with the magic number')
  const { typeMeta, raw, contentEncoding, contentType } = readMessage(
    body.subarray(MAGIC.length),
    UNKNOWN,
  ) as Envelope
  if (contentEncoding !== undefined) throw malformed('the contentEncoding is not supported')
  if (contentType !== undefined && contentType !== PROTOBUF_MEDIA_TYPE) {
    throw malformed('the contentType is not supported')
  }
  const apiVersion = typeMeta?.apiVersion ?? expected.apiVersion ?? ''
  const kind = typeMeta?.kind ?? expected.kind ?? ''
  return {
    ...(readerOf(apiVersion, kind, expected).read(raw ?? new Uint8Array(), kind) as object),
    apiVersion,
    kind,
  }
}

function readerOf(apiVersion: string, kind: string, expected: Expected): FieldType {
  if (expected.type !== undefined && kind === expected.kind) return declaredMessage(expected.type, 'named')
  const type = knownType(apiVersion, kind)
  if (type === undefined) throw malformed('its kind is not supported')
  return declaredMessage(type, 'skipped')
}

/** `k8s` and a zero byte. */
const MAGIC = [0x6b, 0x38, 0x73, 0x00]

/** The decoded `runtime.Unknown`. */
interface Envelope {
  readonly typeMeta?: { readonly apiVersion?: string; readonly kind?: string }
  readonly raw?: Uint8Array
  readonly contentEncoding?: string
  readonly contentType?: string
}

const UNKNOWN: MessageFields = {
  1: {
    name: 'typeMeta',
    type: message({ 1: { name: 'apiVersion', type: text }, 2: { name: 'kind', type: text } }),
  },
  2: { name: 'raw', type: { wireType: 2, read: (value) => value } },
  3: { name: 'contentEncoding', type: text },
  4: { name: 'contentType', type: text },
}
