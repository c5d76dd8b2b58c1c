import type { UserInfo } from '@kube-authn/core'
import type { Difference } from '../difference.ts'
import { type LiveArea, liveArea } from '../live-area.ts'
import { accessReviewDifferences } from './access-review-differences.ts'
import { kindOf422 } from './explained-422.ts'
import { rbacModes } from './policies.ts'
import { attributesOfSpec, type RecordedSpec } from './question.ts'
import { reviewInProcess } from './review-in-process.ts'

interface RecordedReview {
  readonly id: string
  readonly policy: string
  readonly spec: RecordedSpec
  readonly status: number
  readonly answer: {
    readonly status: { readonly allowed: boolean; readonly reason?: string }
    readonly [field: string]: unknown
  }
}

const ADMIN: UserInfo = {
  username: 'admin',
  uid: '',
  groups: ['system:masters', 'system:authenticated'],
  extra: {},
}
const REVIEWS = 'authz/recorded/access-reviews.ndjson'
const POLICIES = 'authz/recorded/policies.ndjson'

/** SubjectAccessReviews, by the review API and by calls of the authorizer. */
export const accessReviews: LiveArea = liveArea<RecordedReview>({
  name: 'live-access-reviews',
  files: [REVIEWS, POLICIES],
  explanations: [kindOf422],
  async *compare(recordings) {
    const modeOf = rbacModes(recordings, POLICIES)
    for (const asked of recordings.lines(REVIEWS) as readonly RecordedReview[]) {
      const mode = modeOf(asked.policy)
      const here = await reviewInProcess(
        mode.authorizer,
        '/apis/authorization.k8s.io/v1/subjectaccessreviews',
        asked.spec,
        ADMIN,
      )
      const there = { status: asked.status, body: asked.answer }
      const differences: Difference[] = [...accessReviewDifferences(there, here, mode, asked.spec)]
      if (asked.status === 201) {
        const { verdict } = await mode.authorizer.authorize(attributesOfSpec(asked.spec), {})
        const { allowed } = asked.answer.status
        if ((verdict === 'allow') !== allowed) {
          differences.push({ at: 'authorize', there: allowed, here: verdict })
        }
      }
      yield { id: asked.id, asked, differences }
    }
  },
})
