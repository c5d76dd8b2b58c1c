import type { Duplex } from 'node:stream'
import { receivedUntil } from './http-client.ts'

type Field = readonly [string, string]

/** A response over HTTP/2. */
export interface Http2Answer {
  /** 0 if the stream or the connection ended without a response. */
  readonly status: number
  readonly body: string
}

interface Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

const DATA = 0
const HEADERS = 1
const RST_STREAM = 3
const SETTINGS = 4
const GOAWAY = 7
const CONTINUATION = 9
const END_STREAM = 1
const END_HEADERS = 4
const PADDED = 8
const PRIORITY = 32
const LONGEST_FRAME = 16_000

/** Sends fields unchanged, in latin1, including pseudo-headers: literal, in this order and unchecked, as the only request of a connection. */
export async function exchangeHttp2(
  connection: Duplex,
  fields: readonly Field[],
  body: string,
): Promise<Http2Answer> {
  const preface = [Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(SETTINGS, 0, 0, Buffer.alloc(0))]
  const request = Buffer.concat([...preface, ...headerFrames(fields, body === ''), ...dataFrames(body)])
  return answerIn(framesIn(await receivedUntil(connection, request, (all) => framesIn(all).some(isLast))))
}

function isLast({ type, flags, stream, payload }: Frame): boolean {
  if (type === GOAWAY) return payload.readUInt32BE(4) !== 0
  if (stream !== 1) return false
  return type === RST_STREAM || ((type === DATA || type === HEADERS) && (flags & END_STREAM) !== 0)
}

function answerIn(frames: readonly Frame[]): Http2Answer {
  const own = frames.filter(({ stream }) => stream === 1)
  const headers = own.find(({ type }) => type === HEADERS)
  const data = own.filter(({ type }) => type === DATA).map(withoutPadding)
  return {
    status: headers === undefined ? 0 : statusIn(withoutPadding(headers)),
    body: Buffer.concat(data).toString('utf8'),
  }
}

function withoutPadding({ type, flags, payload }: Frame): Buffer {
  const isPadded = (flags & PADDED) !== 0
  const rest = isPadded ? payload.subarray(1, payload.length - (payload[0] ?? 0)) : payload
  return type === HEADERS && (flags & PRIORITY) !== 0 ? rest.subarray(5) : rest
}

/** RFC 7541, appendix A: the statuses that have a number. */
const INDEXED = [200, 204, 206, 304, 400, 404, 500]
/** Appendix B: the digits. */
const DIGITS = [
  '00000',
  '00001',
  '00010',
  '011001',
  '011010',
  '011011',
  '011100',
  '011101',
  '011110',
  '011111',
]

/** The status, which is the first field of a response. No other part of HPACK is needed for it. */
function statusIn(block: Buffer): number {
  let at = 0
  // A table size update may precede it.
  while (((block[at] ?? 0) & 0xe0) === 0x20) at++
  const first = block[at] ?? 0
  if (first >= 0x80) return INDEXED[(first & 0x7f) - 8] ?? Number.NaN
  const length = (block[at + 1] ?? 0) & 0x7f
  const value = block.subarray(at + 2, at + 2 + length)
  const isCompressed = ((block[at + 1] ?? 0) & 0x80) !== 0
  return Number(isCompressed ? digitsIn(value) : value.toString('latin1'))
}

function digitsIn(compressed: Buffer): string {
  const bits = [...compressed].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  const codes = new RegExp(DIGITS.join('|'), 'y')
  let digits = ''
  for (let code = codes.exec(bits); code !== null; code = codes.exec(bits)) digits += DIGITS.indexOf(code[0])
  return digits
}

function headerFrames(fields: readonly Field[], isAll: boolean): readonly Buffer[] {
  const block = Buffer.concat(fields.map(literal))
  const parts = partsOf(block)
  return parts.map((part, index) => {
    const flags = (index === parts.length - 1 ? END_HEADERS : 0) | (index === 0 && isAll ? END_STREAM : 0)
    return frame(index === 0 ? HEADERS : CONTINUATION, flags, 1, part)
  })
}

function dataFrames(body: string): readonly Buffer[] {
  return body === '' ? [] : [frame(DATA, END_STREAM, 1, Buffer.from(body, 'latin1'))]
}

function partsOf(bytes: Buffer): readonly Buffer[] {
  const count = Math.max(1, Math.ceil(bytes.length / LONGEST_FRAME))
  return Array.from({ length: count }, (_, index) =>
    bytes.subarray(index * LONGEST_FRAME, (index + 1) * LONGEST_FRAME),
  )
}

/** RFC 7541, section 6.2.2, with a new name. */
function literal([name, value]: Field): Buffer {
  return Buffer.concat([Buffer.from([0]), ...[name, value].flatMap(textOf)])
}

function textOf(text: string): readonly Buffer[] {
  const bytes = Buffer.from(text, 'latin1')
  if (bytes.length < 127) return [Buffer.from([bytes.length]), bytes]
  const length = [127]
  let rest = bytes.length - 127
  for (; rest >= 128; rest >>>= 7) length.push((rest & 127) | 128)
  return [Buffer.from([...length, rest]), bytes]
}

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(9)
  header.writeUIntBE(payload.length, 0, 3)
  header[3] = type
  header[4] = flags
  header.writeUInt32BE(stream, 5)
  return Buffer.concat([header, payload])
}

function framesIn(bytes: Buffer): readonly Frame[] {
  const frames: Frame[] = []
  let rest = bytes
  while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
    const end = 9 + rest.readUIntBE(0, 3)
    frames.push({
      type: rest[3] ?? 0,
      flags: rest[4] ?? 0,
      stream: rest.readUInt32BE(5) & 0x7fffffff,
      payload: rest.subarray(9, end),
    })
    rest = rest.subarray(end)
  }
  return frames
}
