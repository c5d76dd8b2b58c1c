import { allow, alwaysAllow, type Attributes, type Authorizer } from '@kube-authn/core/authorization'
import { handleReviews } from '@kube-authn/api'
import { impersonateRequest } from '@kube-authn/core/adapter'
import { fakeTokenAuthenticator, noOpinion } from '@kube-authn/testing'
import { decisionOf, type VectorDecision } from './authorizers.ts'
import { requestOf, type VectorRequest } from './request.ts'
import { userOf, type VectorUser } from './subjects.ts'
import { type AreaRunner, Differences, type Vector } from './vector.ts'
import { only, reading, USER } from '../../reading.ts'

interface Given extends VectorRequest, VectorDecision {
  readonly requester?: VectorUser
  readonly kind?: string
  readonly urlNamespace?: string
  readonly body?: unknown
  readonly metadata?: unknown
  readonly spec?: unknown
}

interface Expect {
  readonly status: number
  readonly body?: unknown
  readonly bodyContains?: unknown
  readonly bodyFieldAbsent?: string
  readonly reason?: string
  readonly field?: string
  readonly detail?: string
  readonly attributesSeenByAuthorizer?: Readonly<Record<string, unknown>>
  readonly userSeenByAuthorizer?: string
}

interface Body extends Readonly<Record<string, unknown>> {
  readonly metadata?: { readonly creationTimestamp?: unknown }
  readonly details?: { readonly causes?: readonly { readonly field: string; readonly message: string }[] }
}

/** Creates a review as a client would, and checks the response and the authorizer's calls. */
export const reviewApi: AreaRunner = reading(
  {
    given: [
      'method path headers authorizer body kind urlNamespace metadata spec decision reason error',
      { requester: USER },
    ],
    expect:
      'status body bodyContains bodyFieldAbsent reason field detail attributesSeenByAuthorizer userSeenByAuthorizer',
  },
  async (vector) => {
    const { given, expect } = vector as Vector<Given, Expect>
    only(given, 'method', 'POST')
    only(given, 'authorizer', 'allow impersonate')
    const asked: Attributes[] = []
    const handle = handleReviews(answering(given, asked), { tokens: [fakeTokenAuthenticator(noOpinion())] })
    const { request } = requestOf({ ...given, method: 'POST', path: given.path ?? pathOf(given) })
    const sent = given.body ?? { metadata: given.metadata, spec: given.spec }
    const impersonated = await impersonateRequest(alwaysAllow(), { log: false })(
      request,
      userOf(given.requester),
    )
    if ('failure' in impersonated) throw impersonated.failure
    const answer = await handle(
      request,
      () => Promise.resolve(new TextEncoder().encode(JSON.stringify(sent))),
      { user: impersonated.user },
    )
    const body = JSON.parse(answer?.content ?? 'null') as Body

    const differences = new Differences()
    differences.compare('status', answer?.status, expect.status)
    if (expect.body !== undefined) differences.compare('body', withoutTime(body), expect.body)
    differences.compare('part of the body', partOf(body, expect.bodyContains), expect.bodyContains)
    if (expect.bodyFieldAbsent !== undefined) {
      differences.compare(expect.bodyFieldAbsent, at(body, expect.bodyFieldAbsent), undefined)
    }
    if (expect.reason !== undefined) differences.compare('reason', body['reason'], expect.reason)
    const cause = body.details?.causes?.find(({ field }) => field === expect.field)
    if (expect.field !== undefined) differences.compare('field', cause?.field, expect.field)
    if (expect.detail !== undefined) {
      differences.compare('detail', cause?.message.split(': ').at(-1), expect.detail)
    }
    const [seen] = asked
    const { attributesSeenByAuthorizer: attributes, userSeenByAuthorizer: user } = expect
    differences.compare('attributes', partOf(seen, attributes), attributes)
    if (user !== undefined) differences.compare('user', seen?.user.username, user)
    return differences.verdict()
  },
)

/** Default subjects for vectors without one: the caller or another user. */
function pathOf({ requester, kind, urlNamespace, spec }: Given): string {
  // A vector with a token is about a TokenReview.
  const isAboutToken = typeof spec === 'object' && spec !== null && 'token' in spec
  if (kind === 'TokenReview' || (kind === undefined && isAboutToken)) {
    return '/apis/authentication.k8s.io/v1/tokenreviews'
  }
  const asked = kind ?? (requester === undefined ? 'SubjectAccessReview' : 'SelfSubjectAccessReview')
  const namespace = urlNamespace === undefined ? '' : `namespaces/${urlNamespace}/`
  return `/apis/authorization.k8s.io/v1/${namespace}${asked.toLowerCase()}s`
}

/** Every user may create reviews; the reviewed request is decided as the vector says. */
function answering(given: Given, asked: Attributes[]): Authorizer {
  return {
    name: 'vector',
    authorize(attributes) {
      if (attributes.verb === 'create' && attributes.resource.endsWith('reviews')) return allow()
      asked.push(attributes)
      return decisionOf(given)
    },
  }
}

/** The time of a response varies; only its presence is checked. */
function withoutTime(body: Body): unknown {
  const { creationTimestamp } = body.metadata ?? {}
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(String(creationTimestamp))) return body
  return { ...body, metadata: { ...body.metadata, creationTimestamp: '<RFC3339>' } }
}

/** Restricts a value to the members of `part`. */
function partOf(value: unknown, part: unknown): unknown {
  if (typeof part !== 'object' || part === null || Array.isArray(part))
    return part === undefined ? part : value
  return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, partOf(at(value, key), inner)]))
}

function at(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((inner, key) => (inner as Readonly<Record<string, unknown>> | undefined)?.[key], value)
}
