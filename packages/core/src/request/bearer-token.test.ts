import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  authorized,
  fails,
  jane,
  knows,
  later,
  noOpinion,
  request,
  thrownBy,
  tokens,
} from '../../test/fakes.ts'
import { emptyContext } from '../authenticator/context.ts'
import { rejected, unavailable } from '../authenticator/errors.ts'
import { bearerToken } from './bearer-token.ts'

/** What a token authenticator is asked for this `Authorization`; `undefined` when it is not asked. */
async function tokenOf(authorization: string): Promise<string | undefined> {
  const delegate = tokens(knows(jane))
  await bearerToken(delegate).authenticate(authorized(authorization), emptyContext)
  return delegate.calls[0]?.token
}

describe('the token of an Authorization header', () => {
  it.each([
    ['Bearer t', 't'],
    ['bearer t', 't'],
    ['bEaReR t', 't'],
    ['  Bearer t  ', 't'],
    ['\tBearer t\t', 't'],
    ['Bearer t junk', 't'],
    ['Bearer t  junk', 't'],
    ['Bearer a,Bearer b', 'a,Bearer'],
    ['Bearer t\tx', 't\tx'],
    ['Bearer żółć', 'żółć'],
    ['Bearer t\u00a0', 't\u00a0'],
    ['Bearer \udcff', '\udcff'],
    ['Bearer __proto__', '__proto__'],
  ])('of %j is %j', async (authorization, token) => {
    expect(await tokenOf(authorization)).toBe(token)
  })

  it.each([
    '',
    ' ',
    'Bearer',
    'Bearer ',
    'Bearer  t',
    'Bearer   ',
    'Bearer\tt',
    'Bearer\u00a0t',
    'Bearer: t',
    'Bearert',
    'Bearerx t',
    '\u00a0Bearer t',
    'Token t',
    'Basic t',
    'xBearer t',
    't',
    'Beare\u0157 t',
  ])('is absent from %j', async (authorization) => {
    expect(await tokenOf(authorization)).toBeUndefined()
  })

  it('is found where kube-apiserver finds it, whatever is sent', async () => {
    const part = fc.oneof(
      fc.constantFrom('Bearer', 'bearer', 'BEARER', 'Basic', ' ', ' ', '\t', '\r', 't', ',', ':'),
      fc.string({ maxLength: 5 }),
      fc.string({ maxLength: 5, unit: 'binary' }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 6 }), async (parts) => {
        const authorization = parts.join('')
        expect(await tokenOf(authorization)).toBe(tokenInGo(authorization))
      }),
      { numRuns: 1000 },
    )
  })
})

/** `strings.SplitN(strings.TrimSpace(value), " ", 3)`, as bearertoken.go has it, for ASCII space. */
function tokenInGo(authorization: string): string | undefined {
  const [scheme, token] = authorization.replaceAll(/^[\t-\r ]+|[\t-\r ]+$/g, '').split(' ')
  if (scheme?.toLowerCase() !== 'bearer' || token === undefined || token === '') return undefined
  return token
}

describe.each([
  ['at once', <T>(answer: T): T => answer],
  ['later', later],
])('bearerToken, with tokens that are known %s', (_, when) => {
  it('answers with the user, and says that the credential was in Authorization', async () => {
    const authenticator = bearerToken(tokens(when(knows(jane, { audiences: ['api'], expiresAtMs: 5 }))))
    expect(await authenticator.authenticate(authorized('Bearer t'), emptyContext)).toEqual({
      user: jane,
      audiences: ['api'],
      expiresAtMs: 5,
      consumed: { remove: ['authorization'] },
    })
  })

  it.each([
    ['an unknown token', noOpinion, 'rejected', 'invalid bearer token'],
    ['a token that is bad', fails(rejected('expired')), 'rejected', 'expired'],
    ['a token that cannot be checked', fails(unavailable('down')), 'unavailable', 'down'],
  ])('fails for %s', async (_name, answer, code, message) => {
    const authenticator = bearerToken(tokens(when(answer)))
    expect(
      await thrownBy(() => authenticator.authenticate(authorized('Bearer t'), emptyContext)),
    ).toMatchObject({
      code,
      message,
    })
  })
})

describe('bearerToken', () => {
  it('has no opinion without the header', () => {
    expect(bearerToken(tokens(knows(jane))).authenticate(request(), emptyContext)).toBeUndefined()
  })

  it('looks at the first header only', async () => {
    const delegate = tokens(knows(jane))
    const twice = request({
      headers: [
        ['Authorization', 'Basic eDp5'],
        ['authorization', 'Bearer t'],
      ],
    })
    expect(await bearerToken(delegate).authenticate(twice, emptyContext)).toBeUndefined()
    expect(delegate.calls).toEqual([])
  })

  it('hands on the context', async () => {
    const delegate = tokens(knows(jane))
    const context = { audiences: ['api'] }
    await bearerToken(delegate).authenticate(authorized('Bearer t'), context)
    expect(delegate.calls[0]?.context).toBe(context)
  })

  it.each([
    ['Bearer  t', 1],
    ['Bearer   t', 1],
    ['Bearer ', 0],
    ['Bearer', 0],
    ['Basic  t', 0],
  ])('warns of extra space in %j (%i warnings), without the token', async (authorization, count) => {
    const warnings: string[] = []
    await bearerToken(tokens(knows(jane))).authenticate(authorized(authorization), {
      warn: (text) => warnings.push(text),
    })
    expect(warnings).toEqual(
      Array.from(
        { length: count },
        () =>
          'the provided Authorization header contains extra space before the bearer token, and is ignored',
      ),
    )
  })

  it.each([
    [65_536, undefined, true],
    [65_537, undefined, false],
    [10, 10, true],
    [11, 10, false],
  ])('takes a token of %i characters with a limit of %s: %s', async (length, maxTokenLength, isTaken) => {
    const delegate = tokens(knows(jane))
    const authenticator = bearerToken(delegate, maxTokenLength === undefined ? {} : { maxTokenLength })
    const asked = authorized(`Bearer ${'t'.repeat(length)}`)
    if (isTaken) {
      expect(await authenticator.authenticate(asked, emptyContext)).toMatchObject({ user: jane })
    } else {
      expect(await thrownBy(() => authenticator.authenticate(asked, emptyContext))).toMatchObject({
        code: 'rejected',
        message: `bearer token is longer than ${maxTokenLength ?? 65_536} characters`,
      })
      expect(delegate.calls).toEqual([])
    }
  })

  it('throws the same frozen error for every request', async () => {
    const authenticator = bearerToken(tokens(noOpinion))
    const error = await thrownBy(() => authenticator.authenticate(authorized('Bearer t'), emptyContext))
    expect(Object.isFrozen(error)).toBe(true)
    expect(JSON.stringify(error)).not.toContain('Bearer t')
  })
})
