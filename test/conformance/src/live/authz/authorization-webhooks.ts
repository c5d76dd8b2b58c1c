import type { UserInfo } from '@kube-authn/core'
import { authorizationConfiguration, configuredWebhookOptions } from '@kube-authn/core/authorization'
import { webhookAuthorizer } from '@kube-authn/core/remote'
import { type Difference, differencesOf } from '../difference.ts'
import { type LiveArea, liveArea } from '../live-area.ts'
import { accessReviewDifferences } from './access-review-differences.ts'
import { explainedWebhooks } from './explained-webhooks.ts'
import { bootstrapPolicy, rbacMode } from './policies.ts'
import type { RecordedSpec } from './question.ts'
import { type JsonAnswer, reviewInProcess } from './review-in-process.ts'
import { scriptedWebhook, type WebhookQuestion } from './scripted-webhook.ts'

/** A SubjectAccessReview, its answer, and what the webhook was asked so far: an id that ends in `-1` is asked a second time. */
export interface RecordedWebhookReview {
  readonly id: string
  readonly spec: RecordedSpec
  readonly status: number
  /** The `status` of the review, or the error if there is none. */
  readonly answer: JsonAnswer['body']
  readonly webhook: readonly WebhookQuestion[]
}

const REVIEWS = 'authz/more/authorization-webhooks.ndjson'
const CONFIGURATION = 'authz/more/authorization-configuration.json'
const BOOTSTRAP = 'authz/recorded/bootstrap-rbac.json'
/** That of every webhook in the configuration. */
const TIME_LIMIT_MS = 8000
const PATH = '/apis/authorization.k8s.io/v1/subjectaccessreviews'
const ADMIN: UserInfo = {
  username: 'admin',
  uid: '',
  groups: ['system:masters', 'system:authenticated'],
  extra: {},
}

/** Webhooks behind an AuthorizationConfiguration: decisions, what each was asked, and how often. */
export const authorizationWebhooks: LiveArea = liveArea<RecordedWebhookReview>({
  name: 'live-authorization-webhooks',
  files: [REVIEWS, CONFIGURATION, BOOTSTRAP],
  explanations: explainedWebhooks,
  async *compare(recordings) {
    const mode = rbacMode(bootstrapPolicy(recordings))
    const webhook = scriptedWebhook(TIME_LIMIT_MS)
    const authorizer = authorizationConfiguration(recordings.text(CONFIGURATION), {
      rbac: mode.roles,
      webhookFor: (configured, name) =>
        webhookAuthorizer({
          ...configuredWebhookOptions(configured),
          name,
          url: `https://webhook.example.com/${name}`,
          fetch: webhook.fetch,
          clock: webhook.clock,
        }),
    })
    for (const asked of recordings.lines(REVIEWS) as readonly RecordedWebhookReview[]) {
      const probe = asked.spec.extra?.['probe']?.[0] ?? ''
      const ask = (): Promise<JsonAnswer> => reviewInProcess(authorizer, PATH, asked.spec, ADMIN)
      // The first question may not have been recorded.
      if (asked.id.endsWith('-1') && webhook.questions(probe).length === 0) await ask()
      const here = await ask()
      const there = {
        status: asked.status,
        body: asked.status === 201 ? { status: asked.answer } : asked.answer,
      }
      const { status, body } = here
      yield {
        id: `${asked.id} ${asked.spec.user ?? ''}`,
        asked,
        differences: [
          ...accessReviewDifferences(
            there,
            { status, body: status === 201 ? { status: body['status'] } : body },
            mode,
            asked.spec,
          ),
          ...questionDifferences(asked.webhook, webhook.questions(probe)),
        ],
      }
    }
    authorizer.close()
  },
})

/** How often a webhook was asked, and what. */
function questionDifferences(
  there: readonly WebhookQuestion[],
  here: readonly WebhookQuestion[],
): readonly Difference[] {
  const both = there.slice(0, here.length)
  return [
    ...differencesOf(there.length, here.length, 'calls'),
    ...both.flatMap((question, index) =>
      differencesOf(compared(question), compared(here[index] ?? question), 'question'),
    ),
  ]
}

/** A question without the query of the URL, and without what Go sends in every review. */
function compared({ hook, method, type, body: { apiVersion, kind, spec } }: WebhookQuestion): unknown {
  return { hook: hook.replace(/\?.*/, ''), method, type, body: { apiVersion, kind, spec } }
}
