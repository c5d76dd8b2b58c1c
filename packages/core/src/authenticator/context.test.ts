import { describe, expect, it } from 'vitest'
import { authorized, bob, jane, request, requests, tokens } from '../../test/fakes.ts'
import { authorizeRequest } from '../authorization/authorize-request.ts'
import type { Authorizer } from '../authorization/authorizer.ts'
import { allow } from '../authorization/decision.ts'
import { authenticatorChain } from '../chain/chain.ts'
import type { Context } from './context.ts'
import { authenticateRequest } from '../handler/authenticate-request.ts'
import { impersonateRequest } from '../impersonation/impersonate-request.ts'

/** A context whose signal is made when it is read, as adapters have it. */
function client(): { readonly context: { readonly signal: AbortSignal }; readonly wasRead: () => boolean } {
  let controller: AbortController | undefined
  return {
    context: {
      get signal() {
        controller ??= new AbortController()
        return controller.signal
      },
    },
    wasRead: () => controller !== undefined,
  }
}

const impersonating = request({ headers: [['Impersonate-User', 'bob']] })
const policy = (see: (context: Context) => void): Authorizer => ({
  name: 'policy',
  authorize(_, context) {
    see(context)
    return allow()
  },
})
const ofTokens = (see: (context: Context) => void) => ({
  name: 'mine',
  authenticateToken(_: string, context: Context) {
    see(context)
    return { user: jane }
  },
})

type Ask = (see: (context: Context) => void, context: { readonly signal: AbortSignal }) => unknown

const asking: readonly [string, Ask][] = [
  [
    'an authenticator of requests',
    (see, context) =>
      authenticateRequest({
        name: 'mine',
        authenticate(_, given) {
          see(given)
          return { user: jane }
        },
      })(request(), context),
  ],
  [
    'an authenticator of tokens, deep in a chain with audiences',
    (see, context) =>
      authenticateRequest(
        authenticatorChain({ tokens: [ofTokens(see), tokens(() => undefined)], audiences: ['api'] }),
      )(authorized('Bearer t'), context),
  ],
  ['an authorizer', (see, context) => authorizeRequest(policy(see))(request(), jane, context)],
  [
    'an authorizer of impersonation',
    (see, context) => impersonateRequest(policy(see))(impersonating, bob, context),
  ],
  [
    'an authorizer of constrained impersonation',
    (see, context) => impersonateRequest(policy(see), { mode: 'constrained' })(impersonating, jane, context),
  ],
]

describe.each(asking)('the signal of a request, for %s', (_, ask) => {
  it('is the one that the adapter gave', async () => {
    const { context } = client()
    const seen: (AbortSignal | undefined)[] = []
    await ask(({ signal }) => seen.push(signal), context)
    expect(seen.length).toBeGreaterThan(0)
    expect(new Set(seen)).toEqual(new Set([context.signal]))
  })
})

describe('the signal of a request', () => {
  it.each<[string, (context: { readonly signal: AbortSignal }) => unknown]>([
    [
      'authentication',
      (context) => authenticateRequest(requests(() => ({ user: jane })))(request(), context),
    ],
    ['authorization', (context) => authorizeRequest(policy(() => {}))(request(), jane, context)],
    ['impersonation', (context) => impersonateRequest(policy(() => {}))(impersonating, bob, context)],
    ['no impersonation', (context) => impersonateRequest(policy(() => {}))(request(), jane, context)],
  ])('is not made for %s that does not ask for it', async (_, ask) => {
    const { context, wasRead } = client()
    await ask(context)
    expect(wasRead()).toBe(false)
  })

  it('is absent where the adapter knows of none', async () => {
    const seen: unknown[] = []
    const authenticator = requests(() => undefined)
    await authenticateRequest({
      ...authenticator,
      authenticate(_, { signal }) {
        seen.push(signal)
        return undefined
      },
    })(request())
    await authorizeRequest(policy(({ signal }) => seen.push(signal)))(request(), jane)
    expect(seen).toEqual([undefined, undefined])
  })
})
