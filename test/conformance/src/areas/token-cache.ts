import { AuthenticationError, type Context, type TokenAuthenticator } from '@kube-authn/core'
import { cached, tokenCacheKey } from '@kube-authn/core/remote'
import { fixedClock } from '@kube-authn/testing'
import { type Behaviour, outcomeOf, scripted } from '../behaviour.ts'
import { DEVIATES_AS_DOCUMENTED, type Given, type UnitRunner } from '../vector.ts'
import { BEHAVIOUR, reading } from '../reading.ts'

/** Area G: the token cache. */
export const tokenCache: Readonly<Record<string, UnitRunner>> = {
  'token-cache': reading(
    {
      given: [
        'success_ttl_ms failure_ttl_ms cache_errors lookups_at_ms token concurrent',
        { delegate: BEHAVIOUR, lookups: 'token audiences' },
      ],
      expect:
        'delegate_calls outcomes errors annotations_each warnings_each delegate_deadline_ms delegate_sees_only',
    },
    async (vector) => {
      const { given, expect } = vector
      const clock = fixedClock(1_700_000_000_000)
      const { name, authenticateToken, calls } = scripted(given['delegate'] as Behaviour)
      const cache = cached(
        { name, authenticateToken },
        {
          clock,
          successTtlSeconds: Number(given['success_ttl_ms']) / 1000,
          failureTtlSeconds: Number(given['failure_ttl_ms']) / 1000,
          cacheErrors: given['cache_errors'] === true,
        },
      )
      if (given['concurrent'] !== undefined) {
        const lookups = Array.from({ length: Number(given['concurrent']) }, () =>
          ask(cache, String(given['token']), {}),
        )
        const outcomes = await Promise.all(lookups)
        return { delegate_calls: calls.length, outcomes: outcomes.map(({ outcome }) => outcome) }
      }
      if (expect['delegate_deadline_ms'] !== undefined) return deadlineOf(given)

      const results = []
      let now = 0
      for (const lookup of lookupsOf(given)) {
        if (lookup.atMs !== undefined) {
          clock.advance(lookup.atMs - now)
          now = lookup.atMs
        }
        try {
          results.push(await ask(cache, lookup.token, lookup.context))
        } catch (error) {
          // Deviation L.6: an empty list of audiences is refused, and shares no entry.
          if (given.deviation === 'L.6' && error instanceof AuthenticationError) return DEVIATES_AS_DOCUMENTED
          throw error
        }
      }
      return {
        delegate_calls: calls.length,
        outcomes: results.map(({ outcome }) => outcome),
        errors: results.map(({ error }) => error ?? null),
        annotations_each: results[1]?.annotations ?? {},
        warnings_each: results[1]?.warnings ?? [],
      }
    },
  ),

  'token-cache.key': reading({ given: 'hmac_key_utf8 token audiences', expect: 'hex' }, ({ given }) => {
    const audiences = given['audiences'] as readonly string[] | null
    const key = tokenCacheKey(
      Buffer.from(String(given['hmac_key_utf8'])),
      String(given['token']),
      audiences ?? [],
    )
    return Promise.resolve({ hex: Buffer.from(key, 'latin1').toString('hex') })
  }),
}

interface LookupCase {
  readonly token: string
  readonly context: Context
  readonly atMs?: number
}

function lookupsOf(given: Given): readonly LookupCase[] {
  const lookups = given['lookups'] as
    | readonly { readonly token: string; readonly audiences?: readonly string[] | null }[]
    | undefined
  if (lookups !== undefined) {
    return lookups.map(({ token, audiences }) => ({
      token,
      context: audiences === null || audiences === undefined ? {} : { audiences },
    }))
  }
  const times = (given['lookups_at_ms'] ?? [0]) as readonly number[]
  return times.map((atMs) => ({ token: String(given['token']), context: {}, atMs }))
}

async function ask(
  cache: TokenAuthenticator,
  token: string,
  context: Context,
): Promise<
  Record<string, unknown> & { readonly annotations: Record<string, string>; readonly warnings: string[] }
> {
  const annotations: Record<string, string> = {}
  const warnings: string[] = []
  const outcome = await outcomeOf(() =>
    cache.authenticateToken(token, {
      ...context,
      annotate: (key, value) => {
        annotations[key] = value
      },
      warn: (text) => warnings.push(text),
    }),
  )
  return { ...outcome, annotations, warnings }
}

/** When a hanging lookup times out, and which context it received. */
async function deadlineOf(given: Given): Promise<Record<string, unknown>> {
  const clock = fixedClock(1_700_000_000_000)
  let seen: Context | undefined
  const cache = cached(
    {
      name: 'endless',
      authenticateToken: (_token, context) => {
        seen = context
        return new Promise<undefined>(() => {})
      },
    },
    { clock },
  )
  const caller = new AbortController()
  const answer = outcomeOf(() =>
    cache.authenticateToken(String(given['token']), { audiences: ['api'], signal: caller.signal }),
  )
  const step = 1000
  let elapsed = 0
  while (seen?.signal?.aborted !== true && elapsed < 120_000) {
    clock.advance(step)
    elapsed += step
  }
  await answer
  return {
    delegate_calls: 1,
    delegate_deadline_ms: elapsed,
    delegate_sees_only: seen?.signal !== caller.signal && seen?.audiences?.[0] === 'api' ? ['audiences'] : [],
  }
}
