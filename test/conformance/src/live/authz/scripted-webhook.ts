import type { Clock } from '@kube-authn/core'
import type { WebhookAuthorizerOptions } from '@kube-authn/core/authorization'

type Fetch = NonNullable<WebhookAuthorizerOptions['fetch']>

/** A SubjectAccessReview as a webhook receives it. */
export interface WebhookQuestion {
  /** The name of the webhook: the end of its URL. */
  readonly hook: string
  readonly method: string
  readonly type: string
  readonly body: Review
}

interface Review {
  readonly apiVersion: string
  readonly kind: string
  readonly spec: { readonly user?: string; readonly extra?: Readonly<Record<string, readonly string[]>> }
}

export interface ScriptedWebhook {
  readonly fetch: Fetch
  /** Skips pauses between calls. Time limits end only if the webhook does not answer. */
  readonly clock: Clock
  /** The questions with this value of the extra field `probe`, in order. */
  questions(probe: string): readonly WebhookQuestion[]
}

/** The webhook of the recording: it answers as the user name says after its colon. */
export function scriptedWebhook(timeLimitMs: number): ScriptedWebhook {
  const all = new Map<string, WebhookQuestion[]>()
  const limits = new Set<() => void>()
  return {
    questions: (probe) => all.get(probe) ?? [],
    clock: {
      now: Date.now,
      after(milliseconds, callback) {
        if (milliseconds >= timeLimitMs) {
          limits.add(callback)
          return () => void limits.delete(callback)
        }
        const timer = setTimeout(callback, 0)
        return () => {
          clearTimeout(timer)
        }
      },
    },
    fetch(url, { method, headers, body }) {
      const review = JSON.parse(body) as Review
      const probe = review.spec.extra?.['probe']?.[0] ?? ''
      const asked = all.get(probe) ?? []
      const hook = new URL(url).pathname.slice(1)
      asked.push({ hook, method, type: headers['content-type'] ?? '', body: review })
      all.set(probe, asked)
      const [, name = ''] = review.spec.user?.split(':') ?? []
      const answer =
        answers[name]?.(review.apiVersion, asked.length) ?? answered({ allowed: false })(review.apiVersion)
      if (answer === 'hangs') for (const end of limits) setTimeout(end, 0)
      if (answer === 'hangs') return new Promise(() => undefined)
      return answer === 'closes' ? Promise.reject(connectionClosed()) : Promise.resolve(answer)
    },
  }
}

/** As `fetch` of Node says that the server closed the connection. */
function connectionClosed(): TypeError {
  return new TypeError('fetch failed', {
    cause: Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' }),
  })
}

/** What the webhook does on a call, by the API version of the question and the number of the call. */
type Answer = (apiVersion: string, call: number) => Response | 'closes' | 'hangs'

const KIND = 'SubjectAccessReview'
const JSON_TYPE = { 'content-type': 'application/json' }

/** A review with this status; `more` replaces its other members. */
function answered(
  status: unknown,
  more: object = {},
  init: ResponseInit = {},
): (apiVersion: string) => Response {
  return (apiVersion) =>
    new Response(JSON.stringify({ apiVersion, kind: KIND, ...more, status }), { headers: JSON_TYPE, ...init })
}

/** An answer whose body is built from the API version. */
function written(text: (apiVersion: string) => string, headers: Record<string, string> = JSON_TYPE): Answer {
  return (apiVersion) => new Response(new TextEncoder().encode(text(apiVersion)), { headers })
}

const allowed = answered({ allowed: true })

/** A review that allows, behind another content type. */
function allowedAs(type: string): Answer {
  return answered(
    { allowed: true },
    {},
    type === '' ? { headers: {} } : { headers: { 'content-type': type } },
  )
}

function allowedWith(status: number): Answer {
  return answered({ allowed: true }, {}, { status, headers: JSON_TYPE })
}

/** Nothing but a status. */
function refused(status: number, headers: Record<string, string> = {}): Answer {
  return () => new Response(null, { status, headers })
}

/** Allows from the second call on. */
function atFirst(first: Answer): Answer {
  return (apiVersion, call) => (call >= 2 ? allowed(apiVersion) : first(apiVersion, call))
}

const head = (apiVersion: string): string => `{"apiVersion":"${apiVersion}","kind":"${KIND}"`

const answers: Readonly<Record<string, Answer>> = {
  allow: answered({ allowed: true, reason: 'because' }),
  deny: answered({ allowed: false, denied: true, reason: 'no & never' }),
  noop: answered({ allowed: false, reason: 'dunno' }),
  both: answered({ allowed: true, denied: true, reason: 'both' }),
  everr: answered({ allowed: true, evaluationError: 'oops' }),
  everrno: answered({ allowed: false, evaluationError: 'oops' }),
  nostatus: answered(undefined),
  emptystatus: answered({}),
  nullstatus: answered(null),
  otherversion: (apiVersion) =>
    answered({ allowed: true })(`authorization.k8s.io/${apiVersion.endsWith('beta1') ? 'v1' : 'v1beta1'}`),
  wrongversion: answered({ allowed: true }, { apiVersion: 'authorization.k8s.io/v2' }),
  wronggroup: answered({ allowed: true }, { apiVersion: 'x.example/v1' }),
  wrongkind: answered({ allowed: true }, { kind: 'Pod' }),
  nokind: answered({ allowed: true }, { kind: undefined }),
  noversion: answered({ allowed: true }, { apiVersion: undefined }),
  tokenreview: answered({ allowed: true }, { kind: 'TokenReview', apiVersion: 'authentication.k8s.io/v1' }),
  stringallowed: answered({ allowed: 'true' }),
  numberallowed: answered({ allowed: 1 }),
  nullallowed: answered({ allowed: null, denied: null, reason: null }),
  reasonnum: answered({ allowed: true, reason: 1 }),
  garbage: written(() => '{"a":'),
  empty: refused(200),
  html: written(() => '<p>hi', { 'content-type': 'text/html' }),
  notype: allowedAs(''),
  textplain: allowedAs('text/plain'),
  yaml: written((apiVersion) => `apiVersion: ${apiVersion}\nkind: ${KIND}\nstatus: {allowed: true}\n`, {
    'content-type': 'application/yaml',
  }),
  charset: allowedAs('application/json; charset=utf-8'),
  casing: written((apiVersion) => `${head(apiVersion)},"Status":{"Allowed":true}}`),
  casing2: answered({ Allowed: true }),
  dup: written((apiVersion) => `${head(apiVersion)},"status":{"allowed":false,"allowed":true}}`),
  dupstatus: written(
    (apiVersion) => `${head(apiVersion)},"status":{"denied":true},"status":{"allowed":true}}`,
  ),
  trailing: written((apiVersion) => `${head(apiVersion)},"status":{"allowed":true}}x`),
  bom: written((apiVersion) => `\u{feff}${head(apiVersion)},"status":{"allowed":true}}`),
  unknownfield: answered({ allowed: true, frob: 1 }),
  s201: allowedWith(201),
  s202: allowedWith(202),
  s204: refused(204),
  s206: allowedWith(206),
  s301: refused(301, { location: 'https://webhook.example.com/other' }),
  s400: allowedWith(400),
  s401: refused(401),
  s403: allowedWith(403),
  s404: refused(404),
  s429: atFirst(refused(429)),
  s429ra: atFirst(refused(429, { 'retry-after': '1' })),
  s500: refused(500),
  s500once: atFirst(refused(500)),
  s502once: atFirst(refused(502)),
  s503once: atFirst(refused(503)),
  s503ra: atFirst(refused(503, { 'retry-after': '1' })),
  s504once: atFirst(refused(504)),
  status500: (apiVersion) => answered('Failure', { kind: 'Status', apiVersion: 'v1', code: 500 })(apiVersion),
  statussuccess: (apiVersion) => answered('Success', { kind: 'Status', apiVersion: 'v1' })(apiVersion),
  close: atFirst(() => 'closes'),
  closeall: () => 'closes',
  hang: () => 'hangs',
  hangonce: atFirst(() => 'hangs'),
  big: answered({ allowed: true, reason: 'x'.repeat(2_000_000) }),
  longreason: answered({ allowed: true, reason: 'x'.repeat(5000) }),
  uni: answered({ allowed: true, reason: 'ö <&> \u{2028} "q"' }),
}
