import { PROTOBUF_MEDIA_TYPE } from './media-type.ts'
import { KINDS } from './messages.ts'
import { message, type MessageFields, readMessage, text } from './schema.ts'
import { malformed } from './wire.ts'

/** An object of Kubernetes; what it holds beyond these two is for its kind to say. */
export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly [field: string]: unknown
}

/**
 * Reads an object that a client of Kubernetes sent as `application/vnd.kubernetes.protobuf`, as kubectl 1.32 and newer do, into the form
 * it has in JSON. Fields that are not known here are skipped. It knows the reviews, TokenRequest, ServiceAccount and
 * CertificateSigningRequest.
 *
 * Source: apimachinery `pkg/runtime/serializer/protobuf`, `pkg/runtime/generated.proto`.
 *
 * Deviation: what can be read in more than one way is refused (`docs/deviations.md`, protobuf).
 *
 * @param expected what it is where it does not say so itself.
 * @throws {StatusError} 400 when it is malformed, or of a kind that is not known here. The text holds nothing of it.
 * @example
 * const review = decodeObject(new Uint8Array(await request.arrayBuffer()))
 */
export function decodeObject(
  body: Uint8Array,
  expected: { readonly apiVersion?: string; readonly kind?: string } = {},
): KubernetesObject {
  if (MAGIC.some((byte, index) => body[index] !== byte)) throw malformed('it does not begin as one')
  const { typeMeta, raw, contentEncoding, contentType } = readMessage(
    body.subarray(MAGIC.length),
    UNKNOWN,
  ) as Envelope
  if (contentEncoding !== undefined) throw malformed('the object in it is encoded')
  if (contentType !== undefined && contentType !== PROTOBUF_MEDIA_TYPE) {
    throw malformed('the object in it is of another content type')
  }
  const apiVersion = typeMeta?.apiVersion ?? expected.apiVersion ?? ''
  const kind = typeMeta?.kind ?? expected.kind ?? ''
  const type = KINDS.get(`${apiVersion}/${kind}`)
  if (type === undefined) throw malformed('its kind is not known here')
  return { ...(type.read(raw ?? new Uint8Array(), kind) as object), apiVersion, kind }
}

/** `k8s` and a zero. */
const MAGIC = [0x6b, 0x38, 0x73, 0x00]

/** What `runtime.Unknown` becomes. */
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
