import type { TokenAuthenticator } from '@kube-authn/core'
import { aString } from '@kube-authn/core/internal'
import { checkOptions, oneOf, type OptionsShape } from '@kube-authn/core/adapter'
import type { Answer } from '../answers.ts'
import { type FakeService, fakeService } from '../service/fake-service.ts'
import { readReview, type ReceivedReview, type TokenReviewVersion } from './read-review.ts'
import { reviewStatus } from './review-status.ts'

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
