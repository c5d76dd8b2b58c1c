import { type WireField, wireFields } from '@kube-authn/internal/protobuf-wire'

/*
 * The messages of `externaljwt/v1`.
 *
 * Source: kubernetes `staging/src/k8s.io/externaljwt/apis/v1/api.proto`.
 *
 * Deviation: a repeated field is an error (`docs/deviations.md`, protobuf).
 */

export interface EncodedPublicKey {
  readonly keyId: string
  readonly der: Uint8Array
  readonly excludedFromDiscovery: boolean
}

export function signRequest(payload: string): Buffer {
  const claims = Buffer.from(payload)
  const length: number[] = []
  let rest = claims.length
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128)
  return Buffer.concat([Buffer.of(0x0a, ...length, rest), claims])
}

/** Decodes a SignJWTResponse. @throws {Error} if it is invalid. */
export function readSignResponse(bytes: Uint8Array): { readonly header: string; readonly signature: string } {
  const fields = fieldsOf(bytes)
  return { header: textOf(fields, 1), signature: textOf(fields, 2) }
}

/** Decodes a FetchKeysResponse. @throws {Error} if it is invalid, or has no data timestamp. */
export function readFetchKeysResponse(bytes: Uint8Array): {
  readonly keys: readonly EncodedPublicKey[]
  readonly dataTimeMs: number
  readonly refreshHintSeconds: number
} {
  const fields = fieldsOf(bytes)
  const encoded = fields.get(1) ?? []
  if (encoded.length > MAX_KEYS) throw new Error(`found more than ${MAX_KEYS} keys`)
  const keys = encoded.map((key): EncodedPublicKey => {
    const ofKey = fieldsOf(bytesIn(key))
    return {
      keyId: textOf(ofKey, 1),
      der: bytesIn(onlyOne(ofKey, 2)),
      excludedFromDiscovery: numberOf(ofKey, 3) !== 0,
    }
  })
  return { keys, dataTimeMs: timeOf(fields, 2), refreshHintSeconds: numberOf(fields, 3) }
}

/** Bounds the time to parse them. */
const MAX_KEYS = 2048

/** Decodes a MetadataResponse: the maximum lifetime of a token in seconds. @throws {Error} if it is invalid. */
export function readMetadataResponse(bytes: Uint8Array): number {
  return numberOf(fieldsOf(bytes), 1)
}

type Fields = ReadonlyMap<number, readonly WireField['value'][]>

function fieldsOf(bytes: Uint8Array): Fields {
  const fields = new Map<number, WireField['value'][]>()
  for (const { number, value } of wireFields(bytes)) {
    const values = fields.get(number)
    if (values === undefined) fields.set(number, [value])
    else values.push(value)
  }
  return fields
}

function onlyOne(fields: Fields, number: number): WireField['value'] | undefined {
  const values = fields.get(number) ?? []
  if (values.length > 1) throw new Error('a field occurs more than once')
  return values[0]
}

function bytesIn(value: WireField['value'] | undefined): Uint8Array {
  if (value === undefined) return new Uint8Array()
  if (typeof value === 'bigint') throw new TypeError('a field has the wrong wire type')
  return value
}

// A byte order mark is kept as a character.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function textOf(fields: Fields, number: number): string {
  return utf8.decode(bytesIn(onlyOne(fields, number)))
}

function numberOf(fields: Fields, number: number): number {
  const value = onlyOne(fields, number) ?? 0n
  if (typeof value !== 'bigint') throw new TypeError('a field has the wrong wire type')
  const int64 = Number(BigInt.asIntN(64, value))
  if (!Number.isSafeInteger(int64)) throw new RangeError('a number is too large')
  return int64
}

/** A google.protobuf.Timestamp, required and within the years 1 to 9999. */
function timeOf(fields: Fields, number: number): number {
  const timestamp = onlyOne(fields, number)
  if (timestamp === undefined) throw new Error('invalid data timestamp: it is missing')
  const ofTime = fieldsOf(bytesIn(timestamp))
  const [seconds, nanos] = [numberOf(ofTime, 1), numberOf(ofTime, 2)]
  const isValid = seconds >= -62_135_596_800 && seconds <= 253_402_300_799 && nanos >= 0 && nanos < 1e9
  if (!isValid) throw new Error('invalid data timestamp: it is out of range')
  return seconds * 1000 + nanos / 1e6
}
