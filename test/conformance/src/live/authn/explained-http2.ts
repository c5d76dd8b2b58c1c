import type { Difference } from '../difference.ts'
import type { Explanation } from '../live-area.ts'
import {
  isUserWithoutAnswer,
  keysThatAreOne,
  twins,
  unparsedCertificate,
  whiteSpace,
} from './explained-shared.ts'
import { fieldsOf, type RecordedAuthentication } from './recorded-authentication.ts'

type Field = readonly [string, string]

const MOST_FIELDS = 128
const LARGEST_FIELD = 64 * 1024

/** Why the user differs over HTTP/2. */
export const explainedHttp2: readonly Explanation<RecordedAuthentication>[] = [
  whiteSpace,
  twins,
  keysThatAreOne,
  {
    row: 'HTTP/2 fields',
    explains: ({ at, there, here }, { request }) =>
      at === 'outcome' &&
      String(there).startsWith('user ') &&
      here === '401' &&
      fieldsOf(request).some(([, value]) => /^[ \t]|[ \t]$/.test(value)),
  },
  {
    row: 'HTTP/2 fields',
    explains: ({ at, there, here }, { request }) =>
      at === 'outcome' &&
      there === 'no answer' &&
      (here === '401' || String(here).startsWith('user ')) &&
      fieldsOf(request).some(([name, value]) => !isClean([[name, value.trim()]]) || CONTROL.test(value)),
  },
  {
    row: 'number of headers',
    explains: (difference, { request }) =>
      isUserWithoutAnswer(difference) && fieldsOf(request).length > MOST_FIELDS,
  },
  {
    row: 'size of headers',
    explains: (difference, { request }) =>
      isUserWithoutAnswer(difference) && fieldsOf(request).some(([, { length }]) => length > LARGEST_FIELD),
  },
  {
    row: 'syntax over HTTP/2',
    explains: (difference, { request }) =>
      (isAnsweredThere(difference, ['no answer', '400']) && isOddForNode(fieldsOf(request))) ||
      (isRefusalWithoutAnswer(difference) && isOfConnection(fieldsOf(request))) ||
      (isAnsweredHereOnly(difference) && hasBadEscape(fieldsOf(request))),
  },
  unparsedCertificate,
  {
    row: 'ambiguous paths',
    explains: (difference, { request: { target = '/' } }) =>
      isAnsweredThere(difference, ['400']) && target.includes('\\'),
  },
  {
    row: 'request targets',
    explains: ({ at, there, here }, { request }) =>
      at === 'outcome' &&
      there === 'user system:anonymous' &&
      here === '401' &&
      /[^\x21-\x7e]/.test(request.target ?? ''),
  },
]

/** Whether Node drops no field of a request silently: RFC 9113, section 8.2.1. */
export function isClean(fields: readonly Field[]): boolean {
  return fields.every(
    ([name, value]) =>
      /^:?[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) &&
      !isBlankAtAnEnd([name, value]) &&
      !/[^\t\x20-\x7e\x80-\xff]/.test(value),
  )
}

function isBlankAtAnEnd([, value]: Field): boolean {
  return /^[ \t]|[ \t]$/.test(value)
}

function isAnsweredThere({ at, there, here }: Difference, answers: readonly string[]): boolean {
  return at === 'outcome' && isAnswer(there) && answers.includes(String(here))
}

function isAnsweredHereOnly({ at, there, here }: Difference): boolean {
  return at === 'outcome' && there === 'no answer' && isAnswer(here)
}

/** Whether it is that of the authentication. */
function isAnswer(outcome: unknown): boolean {
  return outcome === '401' || String(outcome).startsWith('user ')
}

const CONTROL = /[^\t\x20-\x7e\x80-\xff]/

function isRefusalWithoutAnswer({ at, there, here }: Difference): boolean {
  return at === 'outcome' && String(there).startsWith('400') && here === 'no answer'
}

/** An invalid escape, which Go rejects in a path. */
function hasBadEscape(fields: readonly Field[]): boolean {
  return fields.some(([name, value]) => name === ':path' && /%(?![0-9a-f]{2})/i.test(value))
}

/** Requests that nghttp2 or Hono's server rejects: no authority, one with a blank or a user, a path with a blank, or `*`. */
function isOddForNode(fields: readonly Field[]): boolean {
  const of = (name: string): string | undefined => fields.find(([each]) => each === name)?.[1]
  const authority = of(':authority')
  const path = of(':path') ?? '/'
  return authority === undefined || /[ @]/.test(authority) || path.includes(' ') || path === '*'
}

/** Connection-specific fields: RFC 9113, section 8.2.2. */
function isOfConnection(fields: readonly Field[]): boolean {
  return fields.some(([name]) => name === 'connection' || name === 'upgrade')
}
