/** A field of a message: a string, a flag, or a nested message. Empty strings and flags that are off are not written. */
export type WrittenField = readonly [number: number, value: string | boolean | Uint8Array | undefined]

const UTF8 = new TextEncoder()

/** A message of protobuf. Source: Protocol Buffers, "Encoding". */
export function written(...fields: readonly WrittenField[]): Uint8Array {
  return joined(fields.flatMap(([number, value]) => pieces(number, value)))
}

/** A repeated field. */
export function repeated(number: number, values: readonly (string | Uint8Array)[]): readonly WrittenField[] {
  return values.map((value) => [number, value])
}

function pieces(number: number, value: WrittenField[1]): readonly Uint8Array[] {
  if (value === undefined || value === '' || value === false) return []
  if (value === true) return [varint(number * 8), varint(1)]
  const content = typeof value === 'string' ? UTF8.encode(value) : value
  return [varint(number * 8 + 2), varint(content.length), content]
}

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80)
  return Uint8Array.of(...bytes, rest)
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}
