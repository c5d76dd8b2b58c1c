import type { Clock } from '@kube-authn/core'
import { webhookAuthenticator } from '@kube-authn/core/remote'
import { type Explanation, type LiveArea, liveArea } from '../live-area.ts'
import { type Outcome, outcomeDifferences, outcomeOf } from './outcome.ts'

interface WebhookAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** The results of successive calls; the last one repeats. */
  readonly how?: readonly string[]
}

interface RecordedWebhook {
  readonly id: string
  readonly version: 'v1' | 'v1beta1'
  readonly answer?: WebhookAnswer
  readonly asked?: readonly string[]
  readonly real: Outcome
}

const WEBHOOK = 'tokens/records/webhook.ndjson'
const TIMEOUT_SECONDS = 30
const SERVER_AUDIENCES = ['https://kubernetes.default.svc']

const explanations: readonly Explanation<RecordedWebhook>[] = [
  {
    row: 'empty user name',
    explains: ({ at, there, here }) =>
      at === 'outcome' && there === 'user ' && String(here).endsWith('without a username'),
  },
  {
    row: 'lists in reviews',
    explains: ({ at, there, here }) =>
      at.startsWith('user.extra.') && there === null && Array.isArray(here) && here.length === 0,
  },
  {
    row: 'webhooks',
    explains: ({ at, there, here }) =>
      at === 'outcome' &&
      String(there).startsWith('user ') &&
      here === 'error the token webhook gave no usable answer: it repeats a member',
  },
  {
    row: 'metadata of reviews',
    explains: ({ at, there, here }) =>
      at === 'outcome' &&
      (here === 'no opinion' || String(here).startsWith('user ')) &&
      /^error (?:json: cannot unmarshal \w+ into Go struct field (?:TokenReview\.(?:spec|metadata)|TokenReviewSpec\.|ObjectMeta\.)|parsing time )/.test(
        String(there),
      ),
  },
]

/** The responses of a webhook, and the server's outcome. */
export const webhook: LiveArea = liveArea<RecordedWebhook>({
  name: 'live-webhook',
  files: [WEBHOOK],
  explanations,
  async *compare(recordings) {
    for (const asked of recordings.lines(WEBHOOK) as readonly RecordedWebhook[]) {
      const { id, version, answer, real } = asked
      if (answer?.body === undefined) continue
      const tokens = webhookAuthenticator({
        url: 'https://webhook.example.com/',
        fetch: webhookOf(answer),
        version,
        ttlSeconds: 0,
        implicitAudiences: SERVER_AUDIENCES,
        clock: impatient,
        timeoutSeconds: TIMEOUT_SECONDS,
      })
      const ours = await outcomeOf(tokens, 't', asked.asked ?? SERVER_AUDIENCES)
      yield { id, asked, differences: outcomeDifferences(real, withoutAuthenticated(ours)) }
    }
  },
})

/** Pauses between calls are skipped; the timeout of a call never fires. */
const impatient: Clock = {
  now: Date.now,
  after(milliseconds, callback) {
    if (milliseconds >= TIMEOUT_SECONDS * 1000) return () => undefined
    const timer = setTimeout(callback, 0)
    return () => {
      clearTimeout(timer)
    }
  },
}

function webhookOf({ status, headers, body = '', how = ['plain'] }: WebhookAnswer): () => Promise<Response> {
  let calls = 0
  return () => {
    const what = how[Math.min(calls++, how.length - 1)] ?? ''
    if (what === 'drop' || what === 'cut') return Promise.reject(new TypeError('fetch failed'))
    if (what === '503' || what === '429')
      return Promise.resolve(new Response('later', { status: Number(what) }))
    if (what === '500i') return Promise.resolve(Response.json(INTERNAL_ERROR, { status: 500 }))
    return Promise.resolve(new Response(status === 204 || status === 304 ? null : body, { status, headers }))
  }
}

const INTERNAL_ERROR = {
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  reason: 'InternalError',
  code: 500,
}

/** The recording bypassed the server's chain, which adds the group. */
function withoutAuthenticated({ user, ...outcome }: Outcome): Outcome {
  const groups = user?.groups.filter((group) => group !== 'system:authenticated') ?? []
  return { ...outcome, ...(user && { user: { ...user, groups } }) }
}
