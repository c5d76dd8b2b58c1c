import { authenticatorChain, type Authenticator, ConfigurationError, emptyContext } from '@kube-authn/core'
import { webhookAuthenticator } from '@kube-authn/core/remote'
import { delegatedAuthentication } from '@kube-authn/node'
import { fakeRequest } from '@kube-authn/testing'
import { type Given, NotUnderstood, type UnitRunner } from '../vector.ts'
import { delegationDefaults } from './delegation-defaults.ts'
import { reading } from '../reading.ts'

/** Unit `delegating` of area H: the configuration of an extension API server. */
export const delegation: Readonly<Record<string, UnitRunner>> = {
  delegating: reading(
    {
      given: [
        'kubeconfig in_cluster optional skip_lookup tolerate_lookup_failure options',
        { direct: ['anonymous request_header client_ca token_review_client', { backoff: 'steps' }] },
      ],
      expect:
        'build no_credentials any_bearer text text_contains username_headers group_headers extra_prefixes uid_headers cache_ttl_s request_timeout_s order review_path',
    },
    async ({ given }) => {
      if (given['direct'] !== undefined) return buildDirectly(given['direct'] as Given)
      if (given['options'] === 'default') return delegationDefaults()
      return built(given)
    },
  ),
}

/** The parts put together by hand. */
async function buildDirectly(direct: Given): Promise<Readonly<Record<string, unknown>>> {
  if ([direct['request_header'], direct['client_ca']].some((each) => each !== null && each !== undefined)) {
    throw new NotUnderstood('given.direct.request_header')
  }
  const { anonymous = true } = direct as { anonymous?: boolean }
  return attempt(() => {
    const tokens =
      direct['token_review_client'] === 'set'
        ? [
            webhookAuthenticator({
              url: 'https://w',
              maxAttempts: 'backoff' in direct ? attemptsOf(direct) : 5,
            }),
          ]
        : []
    return Promise.resolve({ authenticator: authenticatorChain({ tokens, anonymous }) })
  })
}

/** A JavaScript caller may omit required options. */
function attemptsOf({ backoff }: Given): number {
  return (backoff === null ? null : (backoff as { readonly steps: number }).steps) as number
}

async function built(given: Given): Promise<Readonly<Record<string, unknown>>> {
  const { kubeconfig, in_cluster: inCluster = false, optional = false } = given
  if (inCluster === true) throw new NotUnderstood('given.in_cluster')
  if (kubeconfig !== null && kubeconfig !== 'unreachable') throw new NotUnderstood('given.kubeconfig')
  delete process.env['KUBERNETES_SERVICE_HOST']
  return attempt(() =>
    delegatedAuthentication({
      ...(kubeconfig === 'unreachable' && { kubeconfig: { server: 'https://127.0.0.1:2' } }),
      optional: optional === true,
      skipLookup: given['skip_lookup'] === true,
      tolerateLookupFailure: given['tolerate_lookup_failure'] === true,
      // In Kubernetes it is always on.
      anonymous: true,
    }),
  )
}

async function attempt(
  build: () => Promise<{ readonly authenticator: Authenticator; readonly close?: () => void }>,
): Promise<Readonly<Record<string, unknown>>> {
  try {
    const { authenticator, close } = await build()
    const result = {
      build: 'ok',
      no_credentials: await answerTo(authenticator, []),
      any_bearer: await answerTo(authenticator, [['Authorization', 'Bearer any']]),
    }
    close?.()
    return result
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    const messages = error.problems.map(({ message }) => message).join('; ')
    return { build: 'error', text: messages, text_contains: messages }
  }
}

async function answerTo(
  authenticator: Authenticator,
  headers: readonly (readonly [string, string])[],
): Promise<string> {
  try {
    const answer = await authenticator.authenticate(fakeRequest({ headers }), emptyContext)
    return answer?.user.username ?? 'no-opinion'
  } catch {
    return 'error'
  }
}
