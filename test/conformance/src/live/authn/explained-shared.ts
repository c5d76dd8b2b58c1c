import type { Difference } from '../difference.ts'
import type { Explanation } from '../live-area.ts'
import type { AuthenticationRequest, RecordedAuthentication } from './recorded-authentication.ts'

/** U+0085, U+00A0 and other Unicode white space, as UTF-8 in latin1. */
const WHITE_SPACE =
  '(?:\\xc2[\\x85\\xa0]|\\xe1\\x9a\\x80|\\xe2(?:\\x80[\\x80-\\x8a\\xa8\\xa9\\xaf]|\\x81\\x9f)|\\xe3\\x80\\x80)'
const AT_AN_END = new RegExp(`^[ \\t]*${WHITE_SPACE}|${WHITE_SPACE}[ \\t]*$`)
const PART_AT_AN_END = new RegExp(`(?:^|,)[ \\t]*${WHITE_SPACE}|${WHITE_SPACE}[ \\t]*(?:,|$)`)

/** A token behind two blanks, of which Kubernetes warns. */
export const BEARER_BLANKS: RegExp = new RegExp(`^(?:[ \\t]|${WHITE_SPACE})*bearer {2}`, 'i')

/** Whether `Authorization` or a subprotocol starts or ends with white space unknown to HTTP, and only kube-apiserver authenticates it. */
export const whiteSpace: Explanation<RecordedAuthentication> = {
  row: 'white space in headers',
  explains: (difference, { request }) =>
    (isUserThereOnly(difference) || isUserHereOnly(difference) || isAnonymousOnce(difference)) &&
    (request.headers ?? []).some(([name, value]) =>
      /^authorization$/i.test(name)
        ? AT_AN_END.test(value)
        : /^sec-websocket-protocol$/i.test(name) && PART_AT_AN_END.test(value),
    ),
}

/** The set-up in which one CA signs users and proxies. */
export const commonAuthority: Explanation<RecordedAuthentication> = {
  row: 'distinct CAs',
  explains: ({ at, there, here }) =>
    at === 'start' &&
    there === 'starts' &&
    here ===
      'clientCAFile: requestHeader: has a CA in common with the CA of client certificates: give proxies a CA of their own, which signs no users',
}

/** A header of the proxy with `_` for `-`, or vice versa, besides the user of the proxy. */
export const twins: Explanation<RecordedAuthentication> = {
  row: 'request header twins',
  explains: (difference, { request }) =>
    isUserThereOnly(difference) &&
    request.cert?.startsWith('proxy-') === true &&
    (request.headers ?? []).some(([name]) => CONFIGURED.test(dashed(name)) && !AS_CONFIGURED.test(name)),
  always: ({ request, kubeApiserver }) =>
    hasTwin(request) &&
    // Not every set-up has uid headers.
    (request.headers ?? []).every(([name]) => !/^x_remote_uid$/i.test(name)) &&
    (request.headers ?? []).some(
      ([name, value]) => /user$|^x-name-one$/i.test(name) && value === kubeApiserver.user?.username,
    ),
}

function hasTwin({ headers = [] }: AuthenticationRequest): boolean {
  return headers.some(([name]) => TWINS.test(name) && !NAMES.test(name))
}

/** The names of all set-ups. */
const CONFIGURED =
  /^x-(?:remote-(?:user|group|uid|extra-.*)|name-(?:one|two)|under-name|groups-[ab]|id-(?:one|two)|e-(?:one|two)-.*)$/i
const AS_CONFIGURED = new RegExp(`^x_under_name$|${CONFIGURED.source.replace('|under-name', '')}`, 'i')

function dashed(name: string): string {
  return name.replaceAll('_', '-')
}

const TWINS = /^x[-_](?:remote[-_](?:user|group|uid|extra[-_].*)|under[-_]name)$/i
const NAMES = /^x-remote-(?:user|group|uid|extra-.*)$|^x_under_name$/i

/** A certificate that Go cannot parse, or whose key it does not use, which ends the handshake: here the request is known by another credential, or by none. */
export const unparsedCertificate: Explanation<RecordedAuthentication> = {
  row: 'stricter certificates',
  explains: ({ at, there, here }, { request, kubeApiserver: { detail } }) =>
    at === 'outcome' &&
    there === 'no answer' &&
    (here === '401' || (String(here).startsWith('user ') && hasToken(request))) &&
    request.cert !== undefined &&
    /^alert (?:4[37]|5[01])$|^ECONNRESET$/.test(String(detail)),
}

/** Whether there is a credential besides a certificate. */
export function hasToken({ headers = [] }: AuthenticationRequest): boolean {
  return headers.some(([name]) => /^(?:authorization|sec-websocket-protocol)$/i.test(name))
}

/** Two keys with different bytes that are equal in Go's JSON. */
export const keysThatAreOne: Explanation<RecordedAuthentication> = {
  row: 'invalid UTF-8',
  explains: ({ at }, { request }) =>
    /^user\.extra\..*\u{fffd}/u.test(at) &&
    (request.headers ?? []).filter(([name]) => /^x-remote-extra-.*%[89a-f]/i.test(name)).length > 1,
}

/** Authenticated there, with a credential that is not accepted here. */
export function isUserThereOnly({ at, there, here }: Difference): boolean {
  return at === 'outcome' && String(there).startsWith('user ') && here === '401'
}

/** Authenticated there, while the connection is closed here. */
export function isUserWithoutAnswer({ at, there, here }: Difference): boolean {
  return at === 'outcome' && String(there).startsWith('user ') && here === 'no answer'
}

function isUserHereOnly({ at, there, here }: Difference): boolean {
  return at === 'outcome' && there === '401' && String(here).startsWith('user ')
}

/** Whether only one side sees a credential, and the request is anonymous on the other. */
function isAnonymousOnce({ at, there, here }: Difference): boolean {
  const isOnce = (value: string): boolean => (String(there) === value) !== (String(here) === value)
  return (
    (at === 'user.username' && isOnce('system:anonymous')) ||
    (at === 'user.groups' && isOnce('system:unauthenticated')) ||
    (at === 'user.uid' && isOnce(''))
  )
}

/** The size of the request line and the headers. */
export function sizeOfHead({ raw = '', target = '', headers = [] }: AuthenticationRequest): number {
  if (raw !== '') return raw.indexOf('\r\n\r\n')
  return headers.reduce((size, [name, value]) => size + name.length + value.length + 4, target.length)
}
