import type { TokenAuthenticator, UserInfo } from '@kube-authn/core'
import { aString, intersectAudiences, isAuthenticationError, isObject } from '@kube-authn/core/internal'
import { checkOptions, oneOf, type OptionsShape } from '@kube-authn/core/adapter'
import type { Answer } from '../answers.ts'
import { fakeService, type FakeService } from '../service/fake-service.ts'

/** Options of {@link fakeTokenReviewWebhook}. */
export interface FakeTokenReviewWebhookOptions {
  /** Its URL. Default `https://webhook.example.com/authenticate`. */
  readonly url?: string
  /** The version of its responses. Default: that of the request. */
  readonly version?: TokenReviewVersion
}

const shape: OptionsShape<FakeTokenReviewWebhookOptions> = { url: aString, version: oneOf('v1', 'v1beta1') }

/** A token webhook with a given result. */
export interface FakeTokenReviewWebhook extends FakeService {
  /** The reviews received, in order. */
  readonly reviews: readonly ReceivedReview[]
}

/**
 * A TokenReview webhook (`--authentication-token-webhook-config-file`). Use its `fetch` without a network, its `handle` in any server, or `listen` of
 * `@kube-authn/testing/node` over TLS.
 *
 * A user is `authenticated`; no opinion is not. If the answer throws `rejected(...)`, its message is the `error` of the status; any other error is
 * HTTP 500. If the answer has audiences, the status has those of them that were requested.
 *
 * Source: apiserver `plugin/pkg/authenticator/token/webhook/webhook.go`, api `authentication/v1/types.go`.
 *
 * @param answer `knownTokens(users)`, `always(user)`, `noOpinion()`, `fails(error)`, or a function of the token.
 * @example
 * const webhook = fakeTokenReviewWebhook(knownTokens({ secret: fakeUser() }))
 * webhook.stop({ status: 429, headers: { 'retry-after': '1' } })
 */
export function fakeTokenReviewWebhook(
  answer: Answer | TokenAuthenticator['authenticateToken'],
  options: FakeTokenReviewWebhookOptions = {},
): FakeTokenReviewWebhook {
  checkOptions(shape, options)
  const { url = 'https://webhook.example.com/authenticate', version } = options
  const reviews: ReceivedReview[] = []

  const service = fakeService(url, async (request, path) => {
    if (path !== new URL(service.url).pathname) return new Response(null, { status: 404 })
    if (request.method !== 'POST') return new Response(null, { status: 405, headers: { allow: 'POST' } })
    const review = readReview(await request.text())
    if (review === undefined) return new Response(null, { status: 400 })
    reviews.push(review)
    const status = await reviewStatus(answer, review, request.signal)
    if (status === undefined) return new Response(null, { status: 500 })
    return Response.json({
      apiVersion: `authentication.k8s.io/${version ?? review.version}`,
      kind: 'TokenReview',
      status,
    })
  })

  return {
    ...service,
    get url() {
      return service.url
    },
    reviews,
  }
}

export interface ReviewStatus {
  readonly authenticated: boolean
  readonly user?: Pick<UserInfo, 'username'> & Partial<UserInfo>
  readonly audiences?: readonly string[]
  readonly error?: string
}

/** The status for the result of an authenticator; `undefined` if it failed. */
async function reviewStatus(
  answer: TokenAuthenticator['authenticateToken'],
  { token, audiences: wanted }: ReceivedReview,
  signal: AbortSignal,
): Promise<ReviewStatus | undefined> {
  try {
    const found = await answer(token, { signal, ...(wanted !== undefined && { audiences: wanted }) })
    if (found === undefined) return { authenticated: false }
    const { user, audiences: own } = found
    if (wanted === undefined || own === undefined) return { authenticated: true, user: userOf(user) }
    const audiences = intersectAudiences(own, wanted)
    if (audiences.length === 0) return { authenticated: false }
    return { authenticated: true, user: userOf(user), audiences }
  } catch (error) {
    const isRejected = isAuthenticationError(error) && error.code === 'rejected'
    return isRejected ? { authenticated: false, error: error.message } : undefined
  }
}

/** Empty members are omitted, as in Go. */
function userOf({ username, uid, groups, extra }: UserInfo): NonNullable<ReviewStatus['user']> {
  return {
    username,
    ...(uid !== '' && { uid }),
    ...(groups.length > 0 && { groups }),
    ...(Object.keys(extra).length > 0 && { extra }),
  }
}

/** The versions of TokenReview; they have the same fields. More may be added in a minor version; handle the rest. */
export type TokenReviewVersion = 'v1' | 'v1beta1'

/** A TokenReview that a webhook received. */
export interface ReceivedReview {
  readonly version: TokenReviewVersion
  readonly token: string
  /** The requested audiences. Absent if not requested. */
  readonly audiences?: readonly string[]
}

/** Parses the body of a TokenReview; `undefined` if it is invalid. */
function readReview(text: string): ReceivedReview | undefined {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isObject(body) || !isObject(body['spec']) || body['kind'] !== 'TokenReview') return undefined
  const version = VERSIONS.find((each) => body['apiVersion'] === `authentication.k8s.io/${each}`)
  const { token, audiences } = body['spec']
  if (version === undefined || typeof token !== 'string') return undefined
  if (audiences === undefined) return { version, token }
  return isTexts(audiences) ? { version, token, audiences } : undefined
}

const VERSIONS: readonly TokenReviewVersion[] = ['v1', 'v1beta1']

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}
