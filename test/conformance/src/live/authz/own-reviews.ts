import { type Difference, differencesOf } from '../difference.ts'
import { type LiveArea, liveArea } from '../live-area.ts'
import { accessReviewDifferences, inAnyOrder } from './access-review-differences.ts'
import { kindOf422 } from './explained-422.ts'
import { rbacModes } from './policies.ts'
import type { RecordedSpec } from './question.ts'
import { areRepeatedRules, isOrderOfRules } from './rules-order.ts'
import { type JsonAnswer, reviewInProcess } from './review-in-process.ts'

interface RecordedOwnReview {
  readonly id: string
  readonly policy: string
  readonly target: string
  readonly user: string
  readonly groups: readonly string[]
  readonly spec: RecordedSpec
  readonly status: number
  readonly answer: JsonAnswer['body']
}

const REVIEWS = 'authz/recorded/own-reviews.ndjson'
const POLICIES = 'authz/recorded/own-policies.ndjson'

/** SelfSubjectAccessReviews, SelfSubjectRulesReviews, and LocalSubjectAccessReviews. */
export const ownReviews: LiveArea = liveArea<RecordedOwnReview>({
  name: 'live-own-reviews',
  files: [REVIEWS, POLICIES],
  explanations: [
    kindOf422,
    {
      row: 'rules of system:masters',
      explains: (difference, { groups }) => groups.includes('system:masters') && areRepeatedRules(difference),
    },
  ],
  async *compare(recordings) {
    const modeOf = rbacModes(recordings, POLICIES)
    for (const asked of recordings.lines(REVIEWS) as readonly RecordedOwnReview[]) {
      const { target, spec, user, status, answer } = asked
      const mode = modeOf(asked.policy)
      const groups = [...asked.groups, 'system:authenticated']
      const caller = { username: user, uid: '', groups, extra: {} }
      const here = await reviewInProcess(mode.authorizer, target, spec, caller)
      // The metadata was not recorded.
      const there = { status, body: { ...answer, metadata: here.body['metadata'] } }
      const differences = target.endsWith('rulesreviews')
        ? differencesOf(there, here).filter((each) => !isOrderOfRules(each) && !isOrderOfErrors(each))
        : accessReviewDifferences(
            there,
            here,
            mode,
            target.includes('/self') ? { ...spec, user, groups } : spec,
          )
      yield { id: `${asked.id} ${target}`, asked, differences }
    }
  },
})

/** The errors of a SelfSubjectRulesReview have no order either. */
function isOrderOfErrors({ at, there, here }: Difference): boolean {
  return at === 'body.status.evaluationError' && inAnyOrder(String(there)) === inAnyOrder(String(here))
}
