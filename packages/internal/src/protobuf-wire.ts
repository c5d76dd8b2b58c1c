/** The wire type: varint, eight bytes, length-delimited or four bytes. The deprecated groups are refused. */
export type WireType = 0 | 1 | 2 | 5

export interface WireField {
  readonly number: number
  readonly wireType: WireType
  /** A varint as a bigint; for other wire types the bytes, which share memory with the message. */
  readonly value: bigint | Uint8Array
}

/**
 * The fields of a message, in wire order. It does not descend into nested messages, and every step consumes at least two bytes, so the cost
 * is linear.
 *
 * Source: Protocol Buffers, "Encoding".
 *
 * @throws {MalformedMessage} when the bytes are not a message.
 */
export function* wireFields(bytes: Uint8Array): Generator<WireField, void> {
  let offset = 0

  /** An unsigned 32-bit number. */
  const uint32 = (what: string): number => {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = bytes[offset++]
      if (byte === undefined) throw malformed(`${what} is cut off`)
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) {
        if (value >= 2 ** 32) break
        return value
      }
    }
    throw malformed(`${what} is too large`)
  }

  const uint64 = (): bigint => {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[offset++]
      if (byte === undefined) throw malformed('a number is cut off')
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) {
        if (value >= 2n ** 64n) break
        return value
      }
    }
    throw malformed('a number has more than 64 bits')
  }

  const take = (length: number): Uint8Array => {
    if (length > bytes.length - offset) throw malformed('a field runs past its message')
    offset += length
    return bytes.subarray(offset - length, offset)
  }

  while (offset < bytes.length) {
    const tag = uint32('a tag')
    const number = Math.floor(tag / 8)
    if (number === 0) throw malformed('a field has no number')
    const wireType = tag % 8
    switch (wireType) {
      case 0:
        yield { number, wireType, value: uint64() }
        break
      case 1:
        yield { number, wireType, value: take(8) }
        break
      case 2:
        yield { number, wireType, value: take(uint32('a length')) }
        break
      case 5:
        yield { number, wireType, value: take(4) }
        break
      default:
        throw malformed('a field is of an unknown wire type')
    }
  }
}

/** The bytes are not a message. The message of the error never contains any of them. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage'
}

/** The error for malformed bytes. */
export function malformed(what: string, cause?: unknown): MalformedMessage {
  return new MalformedMessage(what, { cause })
}
