import { describe } from 'vitest'
import { RESOURCE_REQUEST, RESOURCE_VARIANTS, USER, USER_VARIANTS } from '../../../test/access-questions.ts'
import { fixedClock } from '../../../test/fakes.ts'
import {
  type CreateCache,
  describeTwoQuestions,
  type Variants,
  variationsOf,
  within,
} from '../../../test/two-questions.ts'
import { attributesOf, type RequestAttributes } from '../attributes.ts'
import { userInfo, type UserInfo } from '../../authenticator/user.ts'
import { webhookAuthorizer } from './webhook-authorizer.ts'

interface Question {
  readonly user: UserInfo
  readonly request: RequestAttributes
}

const create =
  (version: 'v1' | 'v1beta1'): CreateCache<Question> =>
  (decide) => {
    const authorizer = webhookAuthorizer({
      url: 'https://authz.example.com/authorize',
      version,
      fetch: async () => Response.json({ kind: 'SubjectAccessReview', status: { allowed: decide() } }),
      clock: fixedClock(),
      maxEntries: 500,
    })
    return async ({ user, request }) => {
      const { verdict } = await authorizer.authorize(attributesOf(user, request), {})
      return verdict === 'allow'
    }
  }

/** The review of a resource does not contain the path. */
const resourceVariants: Variants<RequestAttributes> = {
  ...RESOURCE_VARIANTS,
  path: { same: { another: '/secrets', empty: '' } },
}

const nothing = { same: { empty: '' } }

/** The review of a non-resource path contains only the verb and the path. */
const pathVariants: Variants<RequestAttributes> = {
  verb: { differs: { another: 'put', empty: '' } },
  path: { differs: { another: '/metrics', longer: '/healthz/', 'another case': '/Healthz', empty: '' } },
  resource: { differs: { another: 'pods', empty: '' } },
  subresource: nothing,
  name: nothing,
  namespace: nothing,
  apiGroup: nothing,
  apiVersion: nothing,
  fieldSelector: { same: { none: { requirements: [] } } },
  labelSelector: { same: { none: { requirements: [] } } },
}

describe.each([
  ['a resource', RESOURCE_REQUEST, resourceVariants],
  ['a path', { verb: 'get', path: '/healthz' }, pathVariants],
] as const)('a decision of a webhook about %s', (_, request, variants) => {
  const base: Question = { user: USER, request }
  /** Covers every field, so that a new field of a question is noticed here. */
  const variations = {
    user: within("the user's", variationsOf(USER, USER_VARIANTS), (user) => ({
      ...base,
      user: userInfo(user),
    })),
    request: within("the request's", variationsOf<RequestAttributes>(request, variants), (each) => ({
      ...base,
      request: each,
    })),
  } satisfies Record<keyof Question, unknown>

  describe.each(['v1', 'v1beta1'] as const)('in %s', (version) => {
    describeTwoQuestions('that was remembered', {
      base,
      variations: [...variations.user, ...variations.request],
      create: create(version),
    })
  })
})
