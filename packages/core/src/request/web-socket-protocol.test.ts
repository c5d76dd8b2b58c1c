import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fails, jane, knows, later, noOpinion, request, thrownBy, tokens } from '../../test/fakes.ts'
import { emptyContext } from '../authenticator/context.ts'
import { AuthenticationError, rejected, unavailable } from '../authenticator/errors.ts'
import type { AuthenticationRequest } from './request.ts'
import { webSocketProtocol } from './web-socket-protocol.ts'

const PREFIX = 'base64url.bearer.authorization.k8s.io.'

function upgrade(
  protocols: readonly string[],
  ...more: readonly (readonly [string, string])[]
): AuthenticationRequest {
  return request({
    headers: [
      ['Connection', 'Upgrade'],
      ['Upgrade', 'websocket'],
      ...protocols.map((value) => ['Sec-WebSocket-Protocol', value] as const),
      ...more,
    ],
  })
}

/** What comes of these protocols: the token asked for and the protocols that are left, or what was wrong. */
async function outcomeOf(
  ...protocols: readonly string[]
): Promise<readonly [string, string] | string | undefined> {
  const delegate = tokens(knows(jane))
  try {
    const answer = await webSocketProtocol(delegate).authenticate(upgrade(protocols), emptyContext)
    const left = answer?.consumed?.replace?.[0]?.[1]
    return answer === undefined ? undefined : [delegate.calls[0]?.token ?? '', left ?? '']
  } catch (thrown) {
    if (thrown instanceof AuthenticationError && thrown.code === 'rejected') return thrown.message
    throw thrown
  }
}

describe('the token in a WebSocket subprotocol', () => {
  it.each([
    ['beside another', [`${PREFIX}dG9rZW4, chat`], ['token', 'chat']],
    ['behind another', [`chat, ${PREFIX}dG9rZW4`], ['token', 'chat']],
    ['in a header of its own', [`${PREFIX}dG9rZW4`, 'chat,v2'], ['token', 'chat,v2']],
    ['with unused bits that are not zero', [`${PREFIX}dG9rZW5, chat`], ['token', 'chat']],
    ['in the URL alphabet', [`${PREFIX}8J-Yig,chat`], ['😊', 'chat']],
    ['with a byte order mark', [`${PREFIX}77u_dA,chat`], ['\ufefft', 'chat']],
    ['beside an empty one', [`${PREFIX}dG9rZW4,`], ['token', '']],
    ['beside empty ones that stay', [`, ${PREFIX}dG9rZW4, ,chat`], ['token', ',,chat']],
    ['in another case, which is another protocol', [`${PREFIX.toUpperCase()}dG9rZW4, chat`], undefined],
    ['without a token', [`${PREFIX}, chat`], undefined],
    ['without a token and without another', [PREFIX], undefined],
    ['not at all', ['chat'], undefined],
    ['in no header', [], undefined],
    [
      'twice',
      [`${PREFIX}dG9rZW4,${PREFIX}dG9rZW4,chat`],
      'multiple base64.bearer.authorization tokens specified',
    ],
    [
      'twice, in two headers',
      [`${PREFIX}dG9rZW4`, `${PREFIX}dG9rZW4,chat`],
      'multiple base64.bearer.authorization tokens specified',
    ],
    [
      'twice, both empty',
      [`${PREFIX},${PREFIX},chat`],
      'multiple base64.bearer.authorization tokens specified',
    ],
    ['alone', [`${PREFIX}dG9rZW4`], 'missing additional subprotocol'],
    ['with padding', [`${PREFIX}dG9rZQ==,chat`], 'invalid base64.bearer.authorization token encoding'],
    [
      'in the standard alphabet',
      [`${PREFIX}8J+Yig,chat`],
      'invalid base64.bearer.authorization token encoding',
    ],
    ['cut short', [`${PREFIX}dG9rZ,chat`], 'invalid base64.bearer.authorization token encoding'],
    ['with space inside', [`${PREFIX}dG9 rZW4,chat`], 'invalid base64.bearer.authorization token encoding'],
    ['that is not UTF-8', [`${PREFIX}_w,chat`], 'invalid base64.bearer.authorization token'],
  ])('%s', async (_, protocols, expected) => {
    expect(await outcomeOf(...protocols)).toEqual(expected)
  })

  it('is the one that was encoded', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 1 }), async (token) => {
        const encoded = Buffer.from(token).toString('base64url')
        expect(await outcomeOf(`${PREFIX}${encoded}, chat`)).toEqual([token, 'chat'])
      }),
    )
  })

  it('is found, absent or refused in any header, and nothing else', async () => {
    const part = fc.oneof(
      fc.constantFrom(PREFIX, PREFIX, 'dG9rZW4', 'chat', ',', ', ', '=', '_w'),
      fc.string({ maxLength: 5, unit: 'binary' }),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.array(part).map((parts) => parts.join('')),
          { maxLength: 3 },
        ),
        async (protocols) => {
          const outcome = await outcomeOf(...protocols)
          const left = Array.isArray(outcome) ? String(outcome[1]) : ''
          expect(left.split(',').filter((each) => each.startsWith(PREFIX))).toEqual([])
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('what is no upgrade to WebSocket', () => {
  const protocol = ['Sec-WebSocket-Protocol', `${PREFIX}dG9rZW4, chat`] as const

  it.each([
    ['neither header', []],
    ['no Upgrade', [['Connection', 'Upgrade']]],
    ['no Connection', [['Upgrade', 'websocket']]],
    [
      'another upgrade',
      [
        ['Connection', 'Upgrade'],
        ['Upgrade', 'h2c'],
      ],
    ],
    [
      'another upgrade first',
      [
        ['Connection', 'Upgrade'],
        ['Upgrade', 'h2c'],
        ['Upgrade', 'websocket'],
      ],
    ],
    [
      'more than websocket',
      [
        ['Connection', 'Upgrade'],
        ['Upgrade', 'websocket, h2c'],
      ],
    ],
    [
      'a connection that stays',
      [
        ['Connection', 'keep-alive'],
        ['Upgrade', 'websocket'],
      ],
    ],
  ] as const)('%s: there is no opinion', async (_, headers) => {
    const delegate = tokens(knows(jane))
    const asked = request({ headers: [...headers, protocol] })
    expect(await webSocketProtocol(delegate).authenticate(asked, emptyContext)).toBeUndefined()
    expect(delegate.calls).toEqual([])
  })

  it.each([
    [
      [
        ['Connection', 'keep-alive, UPGRADE'],
        ['Upgrade', 'WebSocket'],
      ],
    ],
    [
      [
        ['Connection', 'keep-alive'],
        ['Connection', 'upgrade'],
        ['Upgrade', 'websocket'],
      ],
    ],
  ] as const)('is not %j', async (headers) => {
    const asked = request({ headers: [...headers, protocol] })
    expect(await webSocketProtocol(tokens(knows(jane))).authenticate(asked, emptyContext)).toMatchObject({
      user: jane,
    })
  })
})

describe.each([
  ['at once', <T>(answer: T): T => answer],
  ['later', later],
])('webSocketProtocol, with tokens that are known %s', (_, when) => {
  const asked = upgrade([`${PREFIX}dG9rZW4, chat, v2`])

  it('answers with the user, and leaves the other protocols as one header', async () => {
    const authenticator = webSocketProtocol(tokens(when(knows(jane, { expiresAtMs: 5 }))))
    expect(await authenticator.authenticate(asked, emptyContext)).toEqual({
      user: jane,
      expiresAtMs: 5,
      consumed: { remove: [], replace: [['sec-websocket-protocol', 'chat,v2']] },
    })
  })

  it.each([
    ['an unknown token', noOpinion, 'rejected', 'invalid bearer token'],
    ['a token that is bad', fails(rejected('expired')), 'rejected', 'expired'],
    ['a token that cannot be checked', fails(unavailable('down')), 'unavailable', 'down'],
  ])('fails for %s', async (_name, answer, code, message) => {
    const authenticator = webSocketProtocol(tokens(when(answer)))
    expect(await thrownBy(() => authenticator.authenticate(asked, emptyContext))).toMatchObject({
      code,
      message,
    })
  })

  it('refuses a token that is too long, unread', async () => {
    const delegate = tokens(when(knows(jane)))
    const authenticator = webSocketProtocol(delegate, { maxTokenLength: 4 })
    expect(await thrownBy(() => authenticator.authenticate(asked, emptyContext))).toMatchObject({
      code: 'rejected',
    })
    expect(delegate.calls).toEqual([])
  })
})
