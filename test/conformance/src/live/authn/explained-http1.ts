import { METHODS } from 'node:http'
import type { Difference } from '../difference.ts'
import type { Explanation } from '../live-area.ts'
import { commonAuthority, sizeOfHead, whiteSpace } from './explained-shared.ts'
import type { AuthenticationRequest, RecordedAuthentication } from './recorded-authentication.ts'

/** Node's limit, 16 KiB. */
const LARGEST_HEAD = 16 * 1024

/** Why the user differs over HTTP/1.1. */
export const explainedHttp1: readonly Explanation<RecordedAuthentication>[] = [
  commonAuthority,
  whiteSpace,
  {
    row: 'size of headers',
    explains: ({ at, here }, { request }) =>
      at === 'outcome' && here === '431' && sizeOfHead(request) > LARGEST_HEAD,
  },
  {
    row: 'syntax of requests',
    explains: (difference, { request }) => isRefusedByNode(difference) && isOddForNode(request),
  },
  {
    row: 'syntax of requests',
    explains: (difference, { request }) => isRefusedByGo(difference) && isOddForGo(request),
  },
  {
    row: 'syntax of requests',
    explains: ({ at, here }, { request }) =>
      at === 'outcome' && request.method === 'CONNECT' && here === 'no answer',
  },
  {
    // Go answers it before any handler runs.
    row: 'syntax of requests',
    explains: ({ at, there }, { request: { method, target } }) =>
      at === 'outcome' && there === '200' && method === 'OPTIONS' && target === '*',
  },
  {
    row: 'request targets',
    explains: (difference, { request: { target = '/' } }) =>
      isAbsolute(target) &&
      (isTurned(difference, '401', ANONYMOUS)
        ? /^https?:\/\/[^/]*$/i.test(target)
        : isTurned(difference, ANONYMOUS, '401') && /^https?:\/\/[^/]*@|^(?!https?:)/i.test(target)),
  },
  {
    // Hono's server refuses a target that is not a valid URL, and Express finds no path in it.
    row: 'request targets',
    explains: (difference, { request: { target = '/' } }) =>
      isAbsolute(target) && (isRefusedByNode(difference) || isWithoutRoute(difference)),
  },
  {
    row: 'request targets',
    explains: (difference, { request: { target = '/' } }) =>
      isAbsolute(target) && isRefusedByGo(difference) && !URL.canParse(target),
  },
  {
    row: 'ambiguous paths',
    explains: (difference, { request: { target = '/' } }) =>
      isTurned(difference, ANONYMOUS, '401') && /%2f|#/i.test(target),
    always: ({ setup, request: { target = '/' }, kubeApiserver }) =>
      setup === 'anonpaths' && kubeApiserver.user?.username === 'system:anonymous' && /%2f|#/i.test(target),
  },
  {
    row: 'ambiguous paths',
    explains: (difference, { request: { target = '/' } }) =>
      isRefusedByNode(difference) && target.startsWith('/') && target.includes('\\'),
  },
]

const ANONYMOUS = 'user system:anonymous'

function isTurned({ at, there, here }: Difference, from: string, to: string): boolean {
  return at === 'outcome' && there === from && here === to
}

/** A response without a body comes from the server, not from kube-authn. */
function isRefusedByNode({ at, here }: Difference): boolean {
  return at === 'outcome' && here === '400'
}

/** Responses of Go's HTTP server before any handler runs. */
function isRefusedByGo({ at, there, here }: Difference): boolean {
  const isOfServer = /^(?:400(?: 400 Bad Request(?:: malformed Host header)?)?|501(?: .*)?|505(?: .*)?)$/
  return at === 'outcome' && isOfServer.test(String(there)) && !String(here).startsWith('400 ')
}

function isWithoutRoute({ at, here }: Difference): boolean {
  return at === 'outcome' && String(here).startsWith('404 ') && String(here).includes('Cannot ')
}

function isAbsolute(target: string): boolean {
  return /^[a-z]+:/i.test(target)
}

const FIRST_LINE = /^[A-Z]+ [^ ]+ HTTP\/1\.[01]$/

/** Other line ends and continuations, methods and versions, unusual hosts and lengths, bytes in a target. */
function isOddForNode({ raw, target = '/', method = 'GET', headers = [] }: AuthenticationRequest): boolean {
  if (raw === undefined) {
    const isOddTarget = /[^\x21-\x7e]/.test(target) || target === '*'
    return isOddTarget || !METHODS.includes(method) || headers.some(([, value]) => CONTROL.test(value))
  }
  const head = raw.split('\r\n\r\n')[0] ?? ''
  const [first = '', ...lines] = head.split('\r\n')
  const isMethod = METHODS.includes(first.split(' ')[0] ?? '')
  const isOddLine = lines.some((line) => /^[ \t]|\n/.test(line))
  return !FIRST_LINE.test(first) || !isMethod || isOddLine || hasOddHost(lines) || hasOddLength(lines, raw)
}

const CONTROL = /[^\t\x20-\x7e\x80-\xff]/

/** Leading blank lines, versions, codings and hosts that Go rejects, blanks in a target and invalid escapes, in a host also those of ASCII. */
function isOddForGo({ raw, target = '/' }: AuthenticationRequest): boolean {
  if (raw === undefined) return /%(?![0-9a-f]{2})| |^[a-z]+:\/\/[^/?#]*%[0-7]/i.test(target)
  const [first = '', ...lines] = (raw.split('\r\n\r\n')[0] ?? '').split('\r\n')
  return !FIRST_LINE.test(first) || hasOddHost(lines) || hasOddLength(lines, raw)
}

function valuesOf(lines: readonly string[], name: string): readonly string[] {
  return lines
    .filter((line) => line.toLowerCase().startsWith(`${name}:`))
    .map((line) => line.slice(name.length + 1).trim())
}

function hasOddHost(lines: readonly string[]): boolean {
  const hosts = valuesOf(lines, 'host')
  return hosts.length !== 1 || !/^[a-z.]+$/.test(hosts[0] ?? '')
}

function hasOddLength(lines: readonly string[], raw: string): boolean {
  const codings = valuesOf(lines, 'transfer-encoding')
  const lengths = valuesOf(lines, 'content-length')
  const isPlain = codings.length === 0 || (codings.join() === 'chunked' && lengths.length === 0)
  return !isPlain || lengths.length > 1 || raw.includes('\r\n\r\nzz\r\n')
}
