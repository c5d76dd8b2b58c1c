import { METHODS } from 'node:http'
import type { Difference } from '../difference.ts'
import type { Explanation } from '../live-area.ts'
import type { RecordedAuthentication } from './http1.ts'

/** U+0085, U+00A0 and the others that Unicode calls white space, as UTF-8 in latin1. */
const WHITE_SPACE = /\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2(?:\x80[\x80-\x8a\xa8\xa9\xaf]|\x81\x9f)|\xe3\x80\x80/

/** Why the caller is somebody else over HTTP/1.1. */
export const explainedHttp1: readonly Explanation<RecordedAuthentication>[] = [
  {
    row: 'white space in headers',
    explains: ({ at, there }, { request = {} }) =>
      (at.startsWith('user.') || (at === 'outcome' && String(there).startsWith('user '))) &&
      (request.headers ?? []).some(([, value]) => WHITE_SPACE.test(value)),
  },
  { row: 'size of headers', explains: ({ at, here }) => at === 'outcome' && here === '431' },
  {
    row: 'syntax of requests',
    explains: (difference, { request = {} }) => request.raw !== undefined && isRefusedByOne(difference),
  },
  {
    row: 'syntax of requests',
    explains: ({ at, here }, { request = {} }) =>
      at === 'outcome' && request.method === 'CONNECT' && here === 'no answer',
  },
  {
    row: 'syntax of requests',
    explains: ({ at, here }, { request = {} }) =>
      at === 'outcome' &&
      here === '400' &&
      (/[^\x21-\x7e]/.test(request.target ?? '/') || !METHODS.includes(request.method ?? 'GET')),
  },
  {
    row: 'syntax of requests',
    explains: ({ at, there }, { request = {} }) =>
      at === 'outcome' && there === '400' && !isReadable(request.target ?? '/'),
  },
  {
    row: 'request targets',
    explains: ({ at }, { request = {} }) => at === 'outcome' && /^[a-z]+:/i.test(request.target ?? ''),
  },
  {
    row: 'ambiguous paths',
    explains: ({ at, here }, { request = {} }) =>
      at === 'outcome' && /^40[01]$/.test(String(here)) && /%2f|[#\\]/i.test(request.target ?? ''),
  },
]

/** Whether escapes are whole and, in an absolute target, the host is one. */
function isReadable(target: string): boolean {
  return !/%(?![0-9a-f]{2})/i.test(target) && (target.startsWith('/') || URL.canParse(target))
}

/** Whether one of both takes it for no request. */
function isRefusedByOne({ at, there, here }: Difference): boolean {
  return at === 'outcome' && (here === '400' || /^(?:400|501|505)$/.test(String(there)))
}
