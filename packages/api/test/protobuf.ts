/*
 * Writes protobuf messages for tests: another hand than the one that reads them.
 */

/** A field: a number is a varint, a text or bytes are length-delimited. */
export type ProtobufField = readonly [number: number, value: number | bigint | string | Uint8Array]

export function protobuf(...fields: readonly ProtobufField[]): Uint8Array<ArrayBuffer> {
  return concatenated(
    ...fields.flatMap(([number, value]) => {
      if (typeof value === 'number' || typeof value === 'bigint') {
        return [varint(BigInt(number) << 3n), varint(BigInt.asUintN(64, BigInt(value)))]
      }
      const content = typeof value === 'string' ? new TextEncoder().encode(value) : value
      return [varint((BigInt(number) << 3n) | 2n), varint(BigInt(content.length)), content]
    }),
  )
}

/** What stands around an object. */
export function envelope(
  apiVersion: string,
  kind: string,
  raw: Uint8Array,
  ...more: readonly ProtobufField[]
): Uint8Array<ArrayBuffer> {
  return concatenated(
    Uint8Array.of(0x6b, 0x38, 0x73, 0),
    protobuf([1, protobuf([1, apiVersion], [2, kind])], [2, raw], ...more),
  )
}

export function varint(value: bigint): Uint8Array<ArrayBuffer> {
  const bytes: number[] = []
  let rest = value
  do {
    const more = rest > 0x7fn
    bytes.push(Number(rest & 0x7fn) | (more ? 0x80 : 0))
    rest >>= 7n
  } while (rest > 0n)
  return Uint8Array.from(bytes)
}

export function concatenated(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}
