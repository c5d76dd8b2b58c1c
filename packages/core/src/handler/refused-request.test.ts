import { describe, expect, it, vi } from 'vitest'
import { authorized, fails, noOpinion, request, requests, tokens } from '../../test/fakes.ts'
import { authenticationOf, authenticationShape } from '../adapter/middleware/authentication.ts'
import type { Authenticator } from '../authenticator/authenticator.ts'
import { rejected, unavailable } from '../authenticator/errors.ts'
import { bearerToken } from '../request/bearer-token.ts'
import { authenticateRequest } from './authenticate-request.ts'
import type { AuthenticateRequestOptions } from './authenticate-request-options.ts'
import type { RefusedRequest } from './request-outcome.ts'
import { crossSiteRejection } from '../request/cross-site/ambient-credential.ts'
import { refusal, unauthorizedFor } from './refusal.ts'

const unknown = bearerToken(tokens(noOpinion))
const busy = requests(fails(unavailable('busy', { retryAfterSeconds: 2 })))
const withSchemes = (...schemes: string[]): Authenticator => ({
  ...requests(noOpinion),
  credentials: { schemes },
})

async function refused(
  authenticator: Authenticator,
  options: AuthenticateRequestOptions = {},
  asked = authorized('Bearer wrong'),
): Promise<RefusedRequest> {
  const outcome = await authenticationOf(authenticator, authenticationShape, { log: false, ...options })(
    asked,
  )
  if (!('failure' in outcome)) throw new Error('accepted')
  return outcome
}

describe('the answer to a refused request of an adapter', () => {
  it.each<[string, Authenticator, AuthenticateRequestOptions]>([
    ['an unknown token', unknown, {}],
    ['no opinion', requests(noOpinion), {}],
    ['several schemes', withSchemes('Bearer', 'Basic'), {}],
    ['no challenge', unknown, { challenges: 'none' }],
    ['a realm', unknown, { realm: 'a "b"' }],
    ['a rejected credential', requests(fails(rejected('bad'))), {}],
    ['an outage', requests(fails(unavailable('down'))), {}],
    ['an outage that is told', requests(fails(unavailable('down'))), { unavailableStatus: 503 }],
    ['a server that is busy', busy, {}],
  ])('is that of its error: %s', async (_, authenticator, options) => {
    const outcome = await refused(authenticator, options)
    const { status, headers, content } = outcome.answer
    const { failure } = outcome
    expect({ status, headers, content }).toEqual({
      status: failure.status,
      headers: failure.headers,
      content: failure.content,
    })
    expect(outcome.answer).toMatchObject({ status, headers, content })
    const whole = await authenticateRequest(authenticator, { log: false, ...options })(
      authorized('Bearer wrong'),
    )
    expect('failure' in whole && whole.failure).toMatchObject({ status, headers, content })
    expect('failure' in whole && whole.failure.cause).toEqual(failure.cause)
    expect({ ...whole }).toHaveProperty('failure')
  })

  it('has the warnings of its request alone', async () => {
    const spaced = await refused(unknown, {}, authorized('Bearer  t'))
    expect(spaced.answer.headers).toMatchObject({ warning: [expect.stringContaining('extra space')] })
    expect((await refused(unknown)).answer.headers).not.toHaveProperty('warning')
  })

  it('has the error `invalid_token` for a token only, whichever request was refused before', async () => {
    const challengeTo = async (asked = request()): Promise<unknown> =>
      (await refused(unknown, {}, asked)).answer.headers['www-authenticate']
    const plain = 'Bearer realm="kubernetes-master"'
    for (let round = 0; round < 2; round++) {
      expect(await challengeTo()).toBe(plain)
      expect(await challengeTo(authorized('Bearer wrong'))).toBe(`${plain}, error="invalid_token"`)
      expect(await challengeTo(authorized('Basic YTpi'))).toBe(plain)
    }
  })

  it('shares no array with another one, since servers add to them', async () => {
    const authenticate = authenticationOf(withSchemes('Bearer', 'Negotiate'), authenticationShape, {
      log: false,
    })
    for (let count = 0; count < 3; count++) {
      const outcome = await authenticate(request())
      const values = 'failure' in outcome ? outcome.answer.headers['www-authenticate'] : undefined
      expect(values).toEqual([expect.stringMatching(/^Bearer/), 'Negotiate'])
      if (typeof values === 'object') values.push('Added')
    }
  })
})

describe('the error of a refused request of an adapter', () => {
  it('is one for all who read it, also guards, and belongs to its request alone', async () => {
    const asked = authorized('Bearer wrong')
    const outcome = await refused(unknown, {}, asked)
    const { failure } = outcome
    expect(outcome.failure).toBe(failure)
    expect(unauthorizedFor(asked)?.()).toBe(failure)
    expect(failure.cause).toMatchObject({ code: 'rejected', message: 'invalid bearer token' })
    Object.assign(failure.headers, { 'x-own': 'a' })
    expect(outcome.answer.headers).toHaveProperty('x-own')
    const another = await refused(unknown)
    expect(another.failure).not.toBe(failure)
    expect(another.failure.headers).not.toHaveProperty('x-own')
    expect((await refused(unknown)).answer.headers).not.toHaveProperty('x-own')
  })
})

describe('a request of another site', () => {
  it('is a 403 without a challenge, with all warnings', () => {
    const error = crossSiteRejection('from elsewhere')
    const { status, headers } = refusal(error, { 'www-authenticate': ['Bearer'] }, ['old'], 503)
    expect([status, headers]).toEqual([
      403,
      { 'x-content-type-options': 'nosniff', warning: ['299 - "old"'] },
    ])
  })
})

describe('in production, without a log', () => {
  it('says once that refusals are not logged, and once that a preflight is refused', async () => {
    vi.stubEnv('NODE_ENV', 'production')
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const codesOf = async (
      method: string,
      headers: readonly (readonly [string, string])[],
    ): Promise<unknown> => {
      warned.mockClear()
      await authenticateRequest(unknown)({ ...request({ headers: [...headers] }), method })
      return warned.mock.calls.map(([, options]) => (options as { readonly code: string }).code)
    }
    const preflight = [['Access-Control-Request-Method', 'PUT']] as const
    expect(await codesOf('GET', [])).toStrictEqual(['KUBE_AUTHN_UNLOGGED'])
    expect(await codesOf('OPTIONS', [])).toStrictEqual([])
    expect(await codesOf('GET', preflight)).toStrictEqual([])
    expect(await codesOf('OPTIONS', preflight)).toStrictEqual(['KUBE_AUTHN_PREFLIGHT'])
    expect(await codesOf('OPTIONS', preflight)).toStrictEqual([])
  })
})
