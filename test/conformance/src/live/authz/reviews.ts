import { authenticatedGroup } from '@kube-authn/core'
import { tokenFile } from '@kube-authn/core/token-file'
import { answerDifferences } from '../http/answer-differences.ts'
import { appParts } from '../http/app-parts.ts'
import { APP_ANSWER, FRAMEWORKS } from '../http/framework-apps.ts'
import type { HttpAnswer } from '../http/http-client.ts'
import { proxied, type RecordedRequest } from '../http/recorded-request.ts'
import { runningApp } from '../http/running-app.ts'
import { type LiveArea, liveArea } from '../live-area.ts'
import { explainedReviews } from './explained-reviews.ts'
import { bootstrapPolicy, rbacMode } from './policies.ts'
import { isOrderOfRules } from './rules-order.ts'

export interface RecordedReviewForm extends RecordedRequest {
  readonly id: number
  readonly about: string
  readonly answer: HttpAnswer
}

const REVIEWS = 'authz/recorded/reviews.ndjson'
const TOKENS = 'authz/recorded/tokens.csv'

/** Reviews of all six kinds, well formed and not, in every framework. */
export const reviews: LiveArea = liveArea<RecordedReviewForm>({
  name: 'live-reviews',
  files: [REVIEWS, TOKENS],
  explanations: explainedReviews,
  async *compare(recordings) {
    const { authorizer } = rbacMode(bootstrapPolicy(recordings))
    const tokens = [authenticatedGroup(tokenFile(recordings.text(TOKENS)))]
    const audiences = ['https://kubernetes.default.svc']
    for (const framework of FRAMEWORKS) {
      const app = await runningApp(framework, appParts(authorizer, { reviews: { tokens, audiences } }))
      for (const asked of recordings.lines(REVIEWS) as readonly RecordedReviewForm[]) {
        const here = await app.ask(proxied(asked))
        const differences = isOfApp(asked.answer, here)
          ? []
          : answerDifferences(comparable(asked.answer), comparable(here)).filter(
              (each) => !isOrderOfRules(each),
            )
        yield { id: `${framework} ${asked.id} ${asked.about}`, asked, differences }
      }
      await app.close()
    }
  },
})

/** Other paths are passed to the app. */
function isOfApp(there: HttpAnswer, here: HttpAnswer): boolean {
  return there.status === 404 && here.body === APP_ANSWER
}

/** A response without its creation time. */
function comparable(answer: HttpAnswer): HttpAnswer {
  return { ...answer, body: answer.body.replace(/"creationTimestamp": ?"[^"]*"/, '"creationTimestamp":""') }
}
