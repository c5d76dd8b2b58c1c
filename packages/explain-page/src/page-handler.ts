import type { AuthenticationRequest, Authenticator, Clock } from '@kube-authn/core'
import { type Authorizer, privilegedGroups } from '@kube-authn/core/authorization'
import { defined, hostOf, type ReadBody, siteOf, systemClock } from '@kube-authn/core/internal'
import {
  authenticateRequest,
  authorizeRequest,
  type HttpAnswer,
  impersonateRequest,
  notify,
  StatusError,
} from '@kube-authn/core/adapter'
import { explainedRequest } from './explained-request.ts'
import { finder } from './findings.ts'
import { firstQuestion, type Question, readForm, readQuestion } from './question.ts'
import { Html, markup } from './markup.ts'
import type { ExplainPageOptions } from './options.ts'
import { picks } from './picks.ts'
import { type Explained, result } from './result.ts'
import { SCRIPT } from './script.ts'
import { STYLE } from './style.ts'

/** A request for the page, independent of the framework. */
export interface PageRequest {
  readonly request: AuthenticationRequest
  readonly body: ReadBody
  /** Scheme and host, as the client sees them. */
  readonly origin: string
  /** Whether an authentication middleware has already run, and removed the credential. */
  readonly isAuthenticated: boolean
}

/** Answers a request for the page. It never throws and never rejects. */
export type PageHandler = (asked: PageRequest) => Promise<HttpAnswer>

/** Implements the page for all frameworks. The options are sound. */
export function pageHandler(authenticator: Authenticator, options: ExplainPageOptions): PageHandler {
  const admit = admission(authenticator, options)
  const takeOne = rateLimit(options.maxPerMinute ?? 60, options.clock ?? systemClock)
  const find = finder(authenticator, options)
  const { observer } = options

  const explainOne = async ({ request, origin }: PageRequest, question: Question): Promise<HttpAnswer> => {
    if (question.problem !== undefined) return document(400, page({ question, origin }, options))
    const asked = await explainedRequest(question, request, options.prepared ?? [])
    return document(200, page({ question, origin, findings: await find(asked) }, options))
  }

  const answer = async (asked: PageRequest): Promise<HttpAnswer> => {
    const { request } = asked
    const { method, path, query } = request
    if (asked.isAuthenticated) return MISPLACED
    const refused = await admit(request)
    if (refused !== undefined) return refused
    if (method === 'GET' || method === 'HEAD') {
      const asset = ASSETS.get(new URLSearchParams(query).get('asset') ?? '')
      return asset ?? explainOne(asked, firstQuestion(path, options.paths))
    }
    if (method !== 'POST') return NO_METHOD
    const form = await formOf(asked)
    if (form instanceof StatusError) return form
    const seconds = takeOne()
    if (seconds > 0) return tooMany(seconds)
    return explainOne(asked, readQuestion(form, options))
  }

  return async function pageOf(asked) {
    let given: HttpAnswer
    try {
      given = await answer(asked)
    } catch {
      // The cause may contain a credential, so it goes nowhere.
      given = FAILED
    }
    const { status, headers, content } = given
    notify(observer, { type: 'response', request: asked.request, status })
    return {
      status,
      headers: { ...headers, ...ALWAYS },
      content: asked.request.method === 'HEAD' ? '' : content,
    }
  }
}

/** Decides whether a request may see the page. @returns the refusal, if it may not. */
function admission(
  authenticator: Authenticator,
  { allow = [], authorizer, audiences, realm, observer }: ExplainPageOptions,
): (request: AuthenticationRequest) => Promise<StatusError | undefined> {
  // Refused visitors are in the log of the app.
  const { log } = authenticator
  const watching = defined({ observer, log })
  const authenticate = authenticateRequest(authenticator, { ...watching, ...defined({ audiences, realm }) })
  const impersonate = authorizer === undefined ? undefined : impersonateRequest(authorizer, watching)
  const admitting = isAuthorizer(allow) ? allow : privilegedGroups(...[allow].flat())
  const authorize = authorizeRequest(admitting, watching)

  return async function admit(request) {
    const known = await authenticate(request, { impersonates: impersonate !== undefined })
    if ('failure' in known) return known.failure
    // A visitor who acts as another user sees what that user may see.
    const { user } = known.authentication
    const acting = impersonate === undefined ? undefined : await impersonate(request, user)
    if (acting !== undefined && 'failure' in acting) return acting.failure
    const outcome = await authorize(request, acting === undefined ? user : acting.user)
    return 'failure' in outcome ? outcome.failure : undefined
  }
}

function isAuthorizer(allow: NonNullable<ExplainPageOptions['allow']>): allow is Authorizer {
  return typeof allow === 'object' && 'authorize' in allow
}

async function formOf({ request, body }: PageRequest): Promise<URLSearchParams | StatusError> {
  // Every browser says with a POST where it comes from.
  if (siteOf(request.headers, [], hostOf(request)) !== 'own') return FOREIGN
  const type = request.headers.first('content-type') ?? ''
  if (!/^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type)) return NO_FORM
  const bytes = await body(MAX_BYTES)
  if (bytes === undefined) return TOO_LARGE
  return readForm(bytes)
}

/** A token has at most some kilobytes. */
const MAX_BYTES = 65_536

function document(status: number, content: string): HttpAnswer {
  return { status, headers: { 'content-type': 'text/html; charset=utf-8' }, content }
}

const ASSETS: ReadonlyMap<string, HttpAnswer> = new Map([
  ['style', { status: 200, headers: { 'content-type': 'text/css; charset=utf-8' }, content: STYLE }],
  ['script', { status: 200, headers: { 'content-type': 'text/javascript; charset=utf-8' }, content: SCRIPT }],
])

/** Headers of every response, refusals included. */
const ALWAYS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  // Not `no-referrer`, with which browsers send `Origin: null`.
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

function refusal(
  status: number,
  reason: string,
  message: string,
  headers: Record<string, string> = {},
): StatusError {
  return new StatusError({ status, reason, message, headers })
}

const MISPLACED = refusal(
  500,
  'InternalError',
  'the explain page is behind an authentication middleware, which removes credentials: mount it before that',
)
const FAILED = refusal(500, 'InternalError', 'the request could not be explained')
const FOREIGN = refusal(403, 'Forbidden', 'the form was not sent by this page')
const NO_FORM = refusal(415, 'UnsupportedMediaType', 'the body must be a form')
const NO_METHOD = refusal(405, 'MethodNotAllowed', 'the method is not allowed', { allow: 'GET, HEAD, POST' })
const TOO_LARGE = refusal(413, 'RequestEntityTooLarge', `the form is larger than ${MAX_BYTES} bytes`)

function tooMany(seconds: number): StatusError {
  return refusal(429, 'TooManyRequests', 'too many requests have been explained: try again later', {
    'retry-after': String(seconds),
  })
}

/** The whole page. It refers to its style and script by the query, so it works at any path. */
function page(explained: Explained, options: ExplainPageOptions): string {
  return markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>Who is asking? · kube-authn</title>
        <link rel="stylesheet" href="?asset=style" />
        ${SCRIPT_ELEMENT}
      </head>
      <body>
        <a class="skip" href="#headline">Skip to the answer</a>
        <header class="top">
          <p class="brand">${MARK}<span>kube-authn</span></p>
          <p class="tagline">Who makes a request, and why</p>
        </header>
        <form id="question" method="post" action="#result">
          <button class="visually-hidden" tabindex="-1" aria-hidden="true">Ask</button>
          <div class="layout">
            ${picks(options, explained.question.credential)} ${result(explained, options)}
          </div>
        </form>
        <p id="live" class="visually-hidden" role="status"></p>
      </body>
    </html> `.text
}

/** Not in the template: a closing tag of a script in a tagged template makes the compiler import a helper. */
const SCRIPT_ELEMENT = new Html('<script src="?asset=script" defer></script>')

const MARK = markup`<svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true" focusable="false">
  <path class="mark-shape" d="M16 2l12 6v9c0 7-5 11.5-12 13C9 28.5 4 24 4 17V8z" />
  <circle class="mark-line" cx="16" cy="13" r="4" />
  <path class="mark-line" d="M16 17v7m0-3h3" />
</svg>`

/** Takes one request from an allowance that grows evenly. @returns the seconds until the next one is possible; 0 if this one is. */
type TakeOne = () => number

/** An allowance of so many requests in a minute, all of which may come at once. */
function rateLimit(perMinute: number, clock: Clock): TakeOne {
  let left = perMinute
  let atMs = clock.now()
  return () => {
    const nowMs = clock.now()
    // A clock that was set back gives nothing.
    left = Math.min(perMinute, left + (Math.max(0, nowMs - atMs) * perMinute) / 60_000)
    atMs = nowMs
    if (left >= 1) {
      left -= 1
      return 0
    }
    return Math.max(1, Math.ceil(((1 - left) * 60) / perMinute))
  }
}
