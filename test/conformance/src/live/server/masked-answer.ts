import { type RawAnswer, READ_ENOUGH } from './http-client.ts'
import { maskJson, maskText } from './masks.ts'
import type { RecordedLine, ServerAnswer } from './recorded-line.ts'

const HEADERS = [
  'content-type',
  'cache-control',
  'warning',
  'allow',
  'retry-after',
  'location',
  'content-encoding',
  'www-authenticate',
  'etag',
  'vary',
  'accept',
  'accept-patch',
  'x-content-type-options',
]

/** How much of an answer is recorded. */
const MAX_BYTES = 256 * 1024

/** An answer in the form of the recordings. */
export function maskedAnswer(answer: RawAnswer, line: RecordedLine): ServerAnswer {
  const { status, headers } = answer
  // Nothing was read beyond the beginning of what has no end.
  const error = answer.error === READ_ENOUGH ? line.real.error : answer.error
  return {
    status,
    headers: Object.fromEntries(
      HEADERS.flatMap((name) => {
        const value = headers[name]
        return value === undefined ? [] : [[name, maskText(String(value))] as const]
      }),
    ),
    ...(error !== undefined && { error }),
    ...contentOf(answer, line),
  }
}

/** The JSON of an answer; `undefined` if it is something else. */
export function jsonOf({ headers, content }: RawAnswer): unknown {
  return (headers['content-type'] ?? '').includes('json') ? parsed(content.toString('utf8')) : undefined
}

function contentOf(answer: RawAnswer, { path, watch, only }: RecordedLine): Partial<ServerAnswer> {
  const type = answer.headers['content-type'] ?? ''
  const [target = ''] = path.split('?')
  if (only !== undefined) return { omitted: only }
  if (/protobuf|cbor/.test(type)) return { omitted: 'binary' }
  if (answer.status === 200 && /^\/(metrics|debug|statusz|flagz|configz)/.test(target))
    return { omitted: 'changes all the time' }
  if (answer.content.length > MAX_BYTES) return { omitted: 'over 256 KiB' }
  const text = answer.content.toString('utf8')
  if (watch !== undefined) return { events: eventLines(text).map((line) => maskedEvent(line)) }
  const value = jsonOf(answer)
  if (value === undefined)
    return { text: target.startsWith('/version') ? maskBuild(maskText(text)) : maskText(text) }
  const body = maskJson(value)
  return { body: /^\/version\/?$/.test(target) ? withoutBuild(body) : body, layout: layoutOf(text, value) }
}

/** The lines of a watch. */
export function eventLines(text: string): readonly string[] {
  return text.split('\n').filter((line) => line.trim() !== '')
}

function maskedEvent(line: string): unknown {
  const value = parsed(line)
  return value === undefined ? maskText(line.slice(0, 200)) : maskJson(value)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

const BUILD = 'gitVersion|gitCommit|gitTreeState|buildDate|goVersion|compiler|platform'

function maskBuild(text: string): string {
  return text.replace(new RegExp(`("?(?:${BUILD})"?: ?"?)([^",\\n]*)`, 'g'), '$1<build>')
}

function withoutBuild(body: unknown): unknown {
  return typeof body !== 'object' || body === null
    ? body
    : Object.fromEntries(
        Object.entries(body).map(([key, value]) => [
          key,
          new RegExp(`^(?:${BUILD})$`).test(key) ? '<build>' : (value as unknown),
        ]),
      )
}

const ESCAPES: readonly (readonly [escape: string, character: string])[] = [
  ['\\u003c', '<'],
  ['\\u003e', '>'],
  ['\\u0026', '&'],
  ['\\u2028', '\u2028'],
  ['\\u2029', '\u2029'],
]

function layoutOf(text: string, value: unknown): NonNullable<ServerAnswer['layout']> {
  const plain = ESCAPES.reduce((each, [escape, character]) => each.replaceAll(escape, character), text)
  const line = JSON.stringify(value)
  if (plain === `${line}\n`) return 'line'
  if (plain === line) return 'compact'
  return /^\{\n {2}"/.test(plain) ? 'indented' : 'other'
}
