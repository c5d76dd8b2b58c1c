import type { Authenticator, KnownCredential } from '../authenticator/authenticator.ts'
import { adviceForUnknown, waysIn } from './ways-in.ts'
import type { Refusal, RefusalFacts } from './refusal.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import type { Sent } from './sent-credentials.ts'
import { shownValue } from '../internal/log/shown-values.ts'

/** No authenticator had an opinion on the request. */
export function unknownCaller(
  { request, authenticator, isAcceptedBefore = false }: Refusal,
  sent: Sent,
): RefusalFacts {
  if (sent.isPreflight && sent.text === '') {
    const advice = 'To allow other origins, put the CORS middleware before authentication(...).'
    return {
      sentence: 'a CORS preflight, with which browsers send no credential',
      reason: 'preflight',
      advice,
    }
  }
  if (authenticator === undefined) return { sentence: 'no credential was accepted', reason: 'no opinion' }
  const isNone = sent.text === ''
  if (isNone && isAcceptedBefore) {
    const sentence = 'another authentication(...) accepted this request before, and removed its credential'
    const advice =
      'Use one of them for a route. The same authenticator accepts its own user again if it is asked for the same audiences.'
    return { sentence, reason: 'authenticated before', advice }
  }
  const advice = isNone ? waysIn(authenticator, request) : adviceForUnknown(authenticator, request, [])
  const reason = isNone ? 'no credential was sent' : 'no authenticator accepts it'
  return {
    sentence: isNone ? reason : `${sent.text} refused: ${reason}`,
    ...(!isNone && { sent: sent.text }),
    reason,
    advice: [advice, ...hintsFor(request, authenticator)].join(' '),
  }
}

/** Headers that look like credentials to their sender, and count for no authenticator of this chain. */
function hintsFor(
  { headers, query }: AuthenticationRequest,
  authenticator: Authenticator,
): readonly string[] {
  const has = (name: string): boolean => headers.first(name) !== undefined
  const hasProxies = (authenticator.credentials?.proxyAuthorities ?? []).length > 0
  const hasOnlyCookies = !has('authorization') && has('cookie')
  const areRead = hasOnlyCookies && readsCookies(authenticator)
  const hints: readonly (readonly [isMeant: boolean, hint: string])[] = [
    [has('x-remote-user') && !hasProxies, 'X-Remote-User counts with the option requestHeader only.'],
    [
      has('x-remote-user') && hasProxies,
      'X-Remote-User counts on a connection with the certificate of a trusted proxy only.',
    ],
    [/(?:^|&)access_token=/.test(query), 'A token in the query is never read.'],
    [areRead, 'None of the cookies is a session: it ended, or it was changed.'],
    [hasOnlyCookies && !areRead, 'Cookies are not read.'],
    [has('proxy-authorization'), 'Proxy-Authorization is not read.'],
  ]
  return hints.filter(([isMeant]) => isMeant).map(([, hint]) => hint)
}

/** Whether one of the authenticators keeps sessions of browsers. */
function readsCookies({ credentials }: Authenticator): boolean {
  return (credentials?.known ?? [])
    .flatMap(knownOf)
    .some((each) => each.type === 'header' && each.name.toLowerCase() === 'cookie')
}

/** A bearer token that no token authenticator knows. */
export function unknownToken({ authenticator }: Refusal, { text, token }: Sent): RefusalFacts {
  const reason = 'no token authenticator knows it'
  const sentence = `${text === '' ? 'the token' : text} refused: ${reason}`
  if (authenticator === undefined) return { sentence, reason }
  const known = (authenticator.credentials?.known ?? []).flatMap(knownOf)
  const kinds = known.flatMap((each) => (each.type === 'token' ? [each] : []))
  if (token === undefined) {
    const areJwts = kinds.length > 0 && kinds.every(({ format }) => format === 'JWT')
    return { sentence, reason, advice: areJwts && text.endsWith('(not a JWT)') ? SEND_JWT : COMPARE }
  }
  const issuers = kinds.flatMap((kind) => kind.issuers ?? []).slice(0, MAX_ISSUERS)
  const are = issuers.length === 1 ? 'the configured issuer is' : 'the configured issuers are'
  const told =
    issuers.length === 0 ? 'no issuer is configured' : `${are} ${issuers.map(shownValue).join(', ')}`
  const advice = `The iss of a token must equal a configured issuer, character by character; ${told}. Configure it, or get a token of another issuer.`
  return { sentence, reason, advice }
}

const SEND_JWT =
  'Only JWTs are accepted here: send the id token of a login, or add introspection(...) of @kube-authn/resource-server for other access tokens.'
const COMPARE =
  'Compare the whole token with its source, such as the first column of the token file: every character counts, also upper and lower case.'
const MAX_ISSUERS = 8

function knownOf(tell: () => readonly KnownCredential[]): readonly KnownCredential[] {
  try {
    return tell()
  } catch {
    return []
  }
}
