import { describe, expect, it } from 'vitest'
import { expectLinearWorkUntil } from '../../../../test/growth.ts'
import { jane, knows, tokens } from '../../../testing/test/fakes.ts'
import { answered, sent } from '../../test/review-requests.ts'
import { userInfo } from '@kube-authn/core'
import { rbac } from '@kube-authn/core/authorization'
import { handleReviews } from './handle-reviews.ts'

const ACCESS = '/apis/authorization.k8s.io/v1/subjectaccessreviews'
const TOKEN = '/apis/authentication.k8s.io/v1/tokenreviews'
const apiGroup = 'rbac.authorization.k8s.io'
const names = (length: number): string[] => Array.from({ length }, (_, index) => `n${index}`)

/** As many roles as groups, of which some are bound. */
const policyOf = (length: number): ReturnType<typeof rbac> =>
  rbac({
    objects: [
      ...names(length).map((name) => ({
        kind: 'ClusterRole' as const,
        name,
        namespace: '',
        labels: new Map<string, string>(),
        rules: [
          { verbs: ['get'], apiGroups: [''], resources: [name], resourceNames: [], nonResourceURLs: [] },
        ],
      })),
      ...names(length).map((name) => ({
        kind: 'ClusterRoleBinding' as const,
        name,
        namespace: '',
        subjects: [{ kind: 'Group', apiGroup, name, namespace: '' }],
        roleRef: { apiGroup, kind: 'ClusterRole', name },
      })),
    ],
  })

describe('the work of a review', () => {
  it.each<[string, string, (length: number) => object]>([
    ['different groups', ACCESS, (length) => ({ user: 'x', groups: names(length) })],
    ['the same group', ACCESS, (length) => ({ user: 'x', groups: names(length).map(() => 'n0') })],
    [
      'keys of extra',
      ACCESS,
      (length) => ({ user: 'x', extra: Object.fromEntries(names(length).map((name) => [name, [name]])) }),
    ],
    ['values of extra', ACCESS, (length) => ({ user: 'x', extra: { key: names(length) } })],
    ['audiences', TOKEN, (length) => ({ token: 'unknown', audiences: names(length) })],
    ['unknown members', ACCESS, (length) => Object.fromEntries(names(length).map((name) => [name, 1]))],
  ])('grows with its length: %s', async (_, url, spec) => {
    await expectLinearWorkUntil(1000, (length) => {
      const handle = handleReviews(policyOf(length), { tokens: [tokens(knows(jane))] })
      const resourceAttributes = { verb: 'get', resource: 'others' }
      const body = { spec: { ...spec(length), ...(url === ACCESS && { resourceAttributes }) } }
      return async () => {
        const { request, body: read } = sent(body, { url })
        const { code } = answered(await handle(request, read, { user: userInfo({ username: 'admin' }) }))
        expect(code).toBeLessThan(500)
      }
    })
  })
})
