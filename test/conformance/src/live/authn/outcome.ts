import type { UserInfo } from '@kube-authn/core'
import { type Difference, differencesOf } from '../difference.ts'
import type { HttpAnswer } from '../http/http-client.ts'
import type { Http2Answer } from '../http/http2-client.ts'
import type { AuthenticationOutcome } from './recorded-authentication.ts'
import { USER_HEADER } from './whoami-apps.ts'

/** Our outcome of a request. */
export interface OwnOutcome {
  /** `user`, a status, or no response. */
  readonly outcome: string
  readonly user?: UserInfo
  /** A response without a body, as to HEAD, does not tell the user over HTTP/2. */
  readonly isUserUntold?: boolean
  readonly body?: string
  readonly warning?: string
}

const NO_ANSWER = 'no answer'

export function outcomeOfHttp1({ status, headers, body }: HttpAnswer): OwnOutcome {
  const of = (name: string): string | undefined => headers.find(([each]) => each === name)?.[1]
  const encoded = of(USER_HEADER)
  if (encoded === undefined) return refusal(status, body)
  const user = userIn(Buffer.from(encoded, 'base64').toString('utf8'))
  return { outcome: 'user', warning: of('warning') ?? '', ...(user && { user }) }
}

export function outcomeOfHttp2({ status, body }: Http2Answer, method = 'GET'): OwnOutcome {
  if (status !== 200) return refusal(status, body)
  if (method === 'HEAD') return { outcome: 'user', isUserUntold: true }
  const user = userIn(JSON.stringify((JSON.parse(body) as { readonly user?: unknown }).user ?? null))
  return { outcome: 'user', ...(user && { user }) }
}

function refusal(status: number, body: string): OwnOutcome {
  return { outcome: status === 0 ? NO_ANSWER : String(status), body }
}

/** Go's JSON has U+FFFD for each byte that is not UTF-8, where we have a lone surrogate. */
function userIn(shownUser: string): UserInfo | undefined {
  const text = shownUser.replaceAll(/\\udc[89a-f][0-9a-f]/g, '\u{fffd}')
  return (JSON.parse(text) as UserInfo | null) ?? undefined
}

/** The user, or else the status; the JSON body of a 401; and the warnings of authenticated requests, over HTTP/1.1. */
export function outcomeDifferences(there: AuthenticationOutcome, here: OwnOutcome): readonly Difference[] {
  const outcome = ENDS.has(there.outcome) ? NO_ANSWER : there.outcome
  if (outcome !== here.outcome) {
    return [{ at: 'outcome', there: shown({ ...there, outcome }), here: shown(here) }]
  }
  if (here.isUserUntold === true) return []
  if (there.user !== undefined) {
    const said = there.headers?.find(([name]) => name === 'warning')?.[1] ?? ''
    const isOther = here.warning !== undefined && said !== here.warning
    const ofUser = differencesOf(there.user, here.user, 'user')
    return isOther ? [...ofUser, { at: 'warning', there: said, here: here.warning }] : ofUser
  }
  const isUnauthorized = outcome === '401' && there.body !== undefined
  return isUnauthorized ? differencesOf(json(there.body ?? ''), json(here.body ?? ''), 'body') : []
}

/** How a connection or stream without a response ends. */
const ENDS = new Set(['no answer', 'reset', 'undefined'])

/** Node's own refusals have no body. */
function shown({ outcome, user, body = '' }: OwnOutcome): string {
  if (user !== undefined) return `user ${user.username}`
  return body === '' || outcome === '401' ? outcome : `${outcome} ${body.trim()}`
}

function json(text: string): unknown {
  return text === '' ? undefined : (JSON.parse(text) as unknown)
}
