import { describe, expect, it } from 'vitest'
import { textFromLatin1 } from '@kube-authn/internal/byte-text'
import { userInfo } from '../authenticator/user.ts'
import { impersonationHeaders } from './impersonation-headers.ts'

describe('the headers that impersonate a user', () => {
  it('arrive as they were', () => {
    const texts = ['jane', 'jä 😀', '\uDCE4', 'a\uDCFFb', 'x\uDCC0\uDCAF', 'Ŭ\uDCFF', '\uDCFFjä']
    const sent = impersonationHeaders(userInfo({ username: 'jane', groups: texts }))
    expect(sent.slice(1).map(([, value]) => textFromLatin1(value))).toEqual(texts)
  })

  it.each([
    ['a surrogate that stands for a letter', '\uDC73ystem:masters', 'an unpaired surrogate'],
    ['a surrogate that stands for a line end', 'a\uDC0D\uDC0AX-Remote-User: b', 'an unpaired surrogate'],
    ['half a pair', 'a\uD83D', 'an unpaired surrogate'],
    ['bytes that are UTF-8 together', '\uDCC3\uDCA4', 'an unpaired surrogate'],
    ['bytes that are UTF-8 together, beside a letter', 'Ŭ\uDCC3\uDCA4', 'an unpaired surrogate'],
    ['a control character', 'a\nb', 'control characters'],
    ['a space at the end', 'a ', 'leading or trailing white space'],
  ])('cannot have %s', (_, text, what) => {
    const users = [
      userInfo({ username: text }),
      userInfo({ username: 'x', uid: text }),
      userInfo({ username: 'x', groups: [text] }),
      userInfo({ username: 'x', extra: { key: [text] } }),
    ]
    for (const user of users)
      expect(() => impersonationHeaders(user)).toThrow(new TypeError(`a header cannot carry ${what}`))
  })
})
