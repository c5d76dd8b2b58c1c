import { emptyContext } from '../../authenticator/context.ts'
import { asAuthenticationError, isAuthenticationError } from '../../authenticator/errors.ts'
import { checkOptions, must, type OptionsShape } from '../../internal/options/index.ts'
import { textOf } from '../../internal/http/response-text.ts'
import { retryAfter } from '../../internal/retry-after.ts'
import type { UserInfo } from '../../authenticator/user.ts'
import { isJsonObject, type JsonObject, parseObject, valueIn } from './json.ts'
import { keystoneToken, type KeystoneTokenOptions, keystoneTokenShape } from './keystone-token.ts'

/** Options of {@link keystoneTokenReview}. */
export interface KeystoneTokenReviewOptions extends KeystoneTokenOptions {
  /** The versions of TokenReview that are answered (`--authentication-token-webhook-version`). Default `v1beta1` alone. */
  readonly versions?: readonly ('v1beta1' | 'v1')[]
}

const VERSIONS: ReadonlySet<unknown> = new Set(['v1beta1', 'v1'])

const shape: OptionsShape<KeystoneTokenReviewOptions> = {
  ...keystoneTokenShape,
  versions: must(
    "must be 'v1beta1', 'v1' or both",
    (value) => Array.isArray(value) && value.length > 0 && value.every((each) => VERSIONS.has(each)),
  ),
}

/** Answers a TokenReview. It never rejects. */
export type KeystoneTokenReview = (request: Request) => Promise<Response>

/** A review has one token, and what is around it. */
const MAX_REQUEST_BYTES = 65_536

/**
 * The webhook that `k8s-keystone-auth` is: kube-apiserver posts a TokenReview (`--authentication-token-webhook-config-file`), and
 * the token in it is one of Keystone. Serve it over TLS, as `/webhook`. Whoever reaches it can try tokens.
 *
 * | answer | when |
 * | --- | --- |
 * | 200 | the token is good; the user is in the review |
 * | 401, `authenticated: false` | it is not, or its user does not count, or it is for no project |
 * | 503 | Keystone could not be asked |
 * | 400, 500 | this is no TokenReview of a version that is answered; no JSON |
 *
 * Source: cloud-provider-openstack `pkg/identity/keystone/keystone.go`.
 *
 * Deviation: an outage is a 503 (`docs/deviations.md`, Keystone webhook).
 *
 * @throws {ConfigurationError} when the options cannot work.
 * @example
 * const review = keystoneTokenReview({ url: 'https://keystone.example.com:5000' })
 * app.post('/webhook', (c) => review(c.req.raw))
 */
export function keystoneTokenReview(options: KeystoneTokenReviewOptions): KeystoneTokenReview {
  checkOptions(shape, options)
  const { versions = ['v1beta1'], ...tokenOptions } = options
  const apiVersions = new Set<unknown>(versions.map((version) => `authentication.k8s.io/${version}`))
  // A token that is for no project says nothing about roles, which is why k8s-keystone-auth refuses it.
  const tokens = keystoneToken({ requireProject: true, ...tokenOptions })

  const userOf = async (token: string): Promise<UserInfo | undefined> => {
    try {
      return (await tokens.authenticateToken(token, emptyContext))?.user
    } catch (error) {
      if (isAuthenticationError(error) && error.code === 'rejected') return undefined
      throw error
    }
  }

  return async function reviewToken(request) {
    let review: JsonObject
    try {
      review = parseObject(await textOf(request, MAX_REQUEST_BYTES))
    } catch {
      return new Response(null, { status: 500 })
    }
    const apiVersion = valueIn(review, 'apiVersion')
    const token = tokenIn(review)
    if (!apiVersions.has(apiVersion) || valueIn(review, 'kind') !== 'TokenReview' || token === undefined) {
      return new Response(null, { status: 400 })
    }
    try {
      const user = await userOf(token)
      const status = user === undefined ? { authenticated: false } : { authenticated: true, user }
      const body = { apiVersion, kind: 'TokenReview', status }
      return Response.json(body, { status: user === undefined ? 401 : 200 })
    } catch (error) {
      const seconds = asAuthenticationError(error).retryAfterSeconds
      return new Response(null, { status: 503, ...(seconds !== undefined && retryAfter(seconds)) })
    }
  }
}

function tokenIn(review: JsonObject): string | undefined {
  const spec = valueIn(review, 'spec')
  const token = isJsonObject(spec) ? valueIn(spec, 'token') : undefined
  return typeof token === 'string' ? token : undefined
}
