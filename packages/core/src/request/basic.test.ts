import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cpuSecondsOf } from '../../../../test/cpu-seconds.ts'
import {
  authorized,
  fails,
  jane,
  knows,
  later,
  noOpinion,
  passwords,
  request,
  thrownBy,
} from '../../test/fakes.ts'
import { emptyContext } from '../authenticator/context.ts'
import { rejected, unavailable } from '../authenticator/errors.ts'
import { bytesFromText, latin1FromBytes } from '@kube-authn/internal/byte-text'
import { fetchRequest } from './fetch-request.ts'
import { basic, decodeCredentials } from './basic.ts'

/** What a password authenticator is asked for this `Authorization`; `undefined` when it is not asked. */
async function credentialsOf(authorization: string): Promise<readonly [string, string] | undefined> {
  const delegate = passwords(knows(jane))
  await basic(delegate).authenticate(authorized(authorization), emptyContext)
  const [call] = delegate.calls
  return call === undefined ? undefined : [call.username, call.password]
}

const base64 = (bytes: Uint8Array): string => btoa(latin1FromBytes(bytes))
const encoded = (text: string): string => base64(bytesFromText(text))

describe('the credentials of an Authorization header', () => {
  it.each([
    ['a name and a password', `Basic ${encoded('jane:secret')}`, ['jane', 'secret']],
    ['any case of the scheme', `bAsIc ${encoded('jane:secret')}`, ['jane', 'secret']],
    ['colons in the password', `Basic ${encoded('jane:a:b:')}`, ['jane', 'a:b:']],
    ['an empty password', `Basic ${encoded('jane:')}`, ['jane', '']],
    ['an empty name', `Basic ${encoded(':secret')}`, ['', 'secret']],
    ['nothing but a colon', `Basic ${encoded(':')}`, ['', '']],
    ['text beyond ASCII', `Basic ${encoded('żółć:日本')}`, ['żółć', '日本']],
    ['bytes that are not UTF-8', `Basic ${base64(new Uint8Array([0xff, 0x3a, 0xfe]))}`, ['\udcff', '\udcfe']],
    ['NUL', `Basic ${encoded('a\0b:c\0d')}`, ['a\0b', 'c\0d']],
    ['a byte order mark', `Basic ${encoded('\ufeffjane:s')}`, ['\ufeffjane', 's']],
    ['unused bits that are not zero', 'Basic YTpiY9==', ['a', 'bc']],
    [
      'line breaks inside the base64',
      `Basic ${encoded('jane:secret').slice(0, 4)}\r\n${encoded('jane:secret').slice(4)}`,
      ['jane', 'secret'],
    ],
    ['a name like a property', `Basic ${encoded('__proto__:constructor')}`, ['__proto__', 'constructor']],
  ])('can have %s', async (_, authorization, expected) => {
    expect(await credentialsOf(authorization)).toEqual(expected)
  })

  it.each([
    ['nothing', ''],
    ['the scheme only', 'Basic'],
    ['the scheme and a space', 'Basic '],
    ['another scheme', `Bearer ${encoded('jane:secret')}`],
    ['space before the scheme', ` Basic ${encoded('jane:secret')}`],
    ['two spaces', `Basic  ${encoded('jane:secret')}`],
    ['a tab', `Basic\t${encoded('jane:secret')}`],
    ['space at the end', `Basic ${encoded('jane:secret')} `],
    ['missing padding', `Basic ${encoded('jane:secret').replace('=', '')}`],
    ['too much padding', `Basic ${encoded('jane:secret')}=`],
    ['padding inside', 'Basic YTo=YTo='],
    ['the URL alphabet', 'Basic YTr_-g=='],
    ['a character that is no base64', 'Basic YTpi*Q=='],
    ['no colon', `Basic ${encoded('jane')}`],
    ['text instead of base64', 'Basic jane:secret'],
    ['space inside', 'Basic YT pi'],
  ])('are absent when there is %s', async (_, authorization) => {
    expect(await credentialsOf(authorization)).toBeUndefined()
  })

  it('are those that were encoded, whatever the bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array().map((bytes) => bytes.filter((byte) => byte !== 0x3a)),
        fc.uint8Array(),
        (username, password) => {
          const decoded = decodeCredentials(base64(new Uint8Array([...username, 0x3a, ...password])))
          expect(decoded?.map((text) => [...bytesFromText(text)])).toEqual([[...username], [...password]])
        },
      ),
    )
  })

  it('are found or not in any text, without an error', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('A', 'z', '+', '/', '=', '\n', '-', '_', 'O') }),
      fc.base64String(),
    )
    fc.assert(
      fc.property(hostile, (text) => {
        const decoded = decodeCredentials(text)
        expect(decoded === undefined || decoded.length === 2).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  it('are looked for in a time that does not explode', () => {
    const spent = cpuSecondsOf(() => {
      for (const unit of ['A', 'AAAA', 'AAA=', '=', '\n', 'é']) decodeCredentials(unit.repeat(200_000))
    })
    expect(spent).toBeLessThan(2)
  })
})

describe.each([
  ['at once', <T>(answer: T): T => answer],
  ['later', later],
])('basic, with passwords that are checked %s', (_, when) => {
  const asked = authorized(`Basic ${encoded('jane:secret')}`)

  it('answers with the user, and says that the credential was in Authorization', async () => {
    const authenticator = basic(passwords(when(knows(jane, { expiresAtMs: 5 }))))
    expect(await authenticator.authenticate(asked, emptyContext)).toEqual({
      user: jane,
      expiresAtMs: 5,
      consumed: { remove: ['authorization'] },
    })
  })

  it.each([
    ['a password that is not accepted', noOpinion, 'rejected', 'invalid username/password combination'],
    ['a password that is refused', fails(rejected('locked')), 'rejected', 'locked'],
    ['a password that cannot be checked', fails(unavailable('down')), 'unavailable', 'down'],
  ])('fails for %s, so that it is never anonymous', async (_name, answer, code, message) => {
    const authenticator = basic(passwords(when(answer)))
    expect(await thrownBy(() => authenticator.authenticate(asked, emptyContext))).toMatchObject({
      code,
      message,
    })
  })
})

describe('basic', () => {
  it('has no opinion without the header', () => {
    expect(basic(passwords(knows(jane))).authenticate(request(), emptyContext)).toBeUndefined()
  })

  it('looks at the first header only', () => {
    const twice = request({
      headers: [
        ['Authorization', 'Bearer t'],
        ['Authorization', `Basic ${encoded('jane:secret')}`],
      ],
    })
    expect(basic(passwords(knows(jane))).authenticate(twice, emptyContext)).toBeUndefined()
  })

  it.each([
    [8192, undefined, true],
    [8196, undefined, false],
    [16, 16, true],
    [20, 16, false],
  ])('reads %i characters with a limit of %s: %s', async (length, maxCredentialsLength, isRead) => {
    const delegate = passwords(knows(jane))
    const authenticator = basic(delegate, maxCredentialsLength === undefined ? {} : { maxCredentialsLength })
    const asked = authorized(`Basic ${encoded(`j:${'x'.repeat((length / 4) * 3 - 2)}`)}`)
    if (isRead) {
      expect(await authenticator.authenticate(asked, emptyContext)).toMatchObject({ user: jane })
    } else {
      expect(await thrownBy(() => authenticator.authenticate(asked, emptyContext))).toMatchObject({
        code: 'rejected',
        message: `basic credentials are longer than ${maxCredentialsLength ?? 8192} characters`,
      })
      expect(delegate.calls).toEqual([])
    }
  })
})

describe('Basic beside another Authorization header', () => {
  const asked = (...values: readonly string[]) => {
    const headers = new Headers(values.map((value) => ['Authorization', value]))
    return fetchRequest(new Request('https://localhost/', { headers }))
  }
  const good = `Basic ${encoded('jane:secret')}`

  it.each([[[good, 'Bearer t']], [[good, good]], [['Basic !', good]]])(
    'is an error where the two were joined: %j',
    async (values) => {
      const delegate = passwords(knows(jane))
      const thrown = await thrownBy(() => basic(delegate).authenticate(asked(...values), emptyContext))
      expect(thrown).toMatchObject({ code: 'rejected' })
      expect(String(thrown)).not.toContain(encoded('jane:secret'))
      expect(delegate.calls).toEqual([])
    },
  )

  it('is nothing to it where the other comes first', async () => {
    expect(await basic(passwords(knows(jane))).authenticate(asked('Digest a', good), emptyContext)).toBe(
      undefined,
    )
  })
})
