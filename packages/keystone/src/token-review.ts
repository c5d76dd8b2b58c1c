import { emptyContext, type UserInfo } from '@kube-authn/core'
import { checkOptions, type OptionsShape } from '@kube-authn/core/adapter'
import {
  asAuthenticationError,
  isAuthenticationError,
  isObject,
  type JsonObject,
  member,
  must,
  retryAfter,
  textOf,
} from '@kube-authn/core/internal'
import { parseObject } from './json.ts'
import { keystoneToken, type KeystoneTokenOptions, keystoneTokenShape } from './keystone-token.ts'

/** Options of {@link keystoneTokenReview}. */
export interface KeystoneTokenReviewOptions extends KeystoneTokenOptions {
  /** The versions of TokenReview that are accepted (`--authentication-token-webhook-version`). Default `v1beta1` alone. */
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

const MAX_REQUEST_BYTES = 65_536

/**
 * A webhook that replaces `k8s-keystone-auth`: kube-apiserver posts a TokenReview (`--authentication-token-webhook-config-file`) with a
 * Keystone token. Serve it over TLS, as `/webhook`. Any client that can reach it can try tokens.
 *
 * | response | meaning |
 * | --- | --- |
 * | 200 | the token is valid; the user is in the review |
 * | 401, `authenticated: false` | the token is not valid, not scoped to a project, or its user is not accepted |
 * | 503 | Keystone could not be reached or its response was invalid |
 * | 400 | the body is not a TokenReview of an accepted version |
 * | 500 | the body is not a JSON object of at most 64 KiB |
 *
 * Source: cloud-provider-openstack `pkg/identity/keystone/keystone.go`.
 *
 * Deviation: an outage is reported as a 503 (`docs/deviations.md`, Keystone webhook).
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * const review = keystoneTokenReview({ url: 'https://keystone.example.com:5000' })
 * app.post('/webhook', (c) => review(c.req.raw))
 */
export function keystoneTokenReview(options: KeystoneTokenReviewOptions): KeystoneTokenReview {
  checkOptions(shape, options)
  const { versions = ['v1beta1'], ...tokenOptions } = options
  const apiVersions = new Set<unknown>(versions.map((version) => `authentication.k8s.io/${version}`))
  // A token without a project has no roles; k8s-keystone-auth refuses it for that reason.
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
    const apiVersion = member(review, 'apiVersion')
    const spec = member(review, 'spec')
    const token = isObject(spec) ? member(spec, 'token') : undefined
    if (
      !apiVersions.has(apiVersion) ||
      member(review, 'kind') !== 'TokenReview' ||
      typeof token !== 'string'
    ) {
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
