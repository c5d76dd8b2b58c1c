import { describe, expect, it } from 'vitest'
import { loggableUri } from './event-fields.ts'

describe('the URI that is logged', () => {
  it.each(['access_token', 'client_secret', 'code', 'id_token', 'password', 'refresh_token', 'token'])(
    'has no value of %s',
    (name) => {
      expect(loggableUri('/x', `${name}=s3cret`)).toBe(`/x?${name}=REDACTED`)
      expect(loggableUri('/x', `a=1&${name.toUpperCase()}=s3cret&b=2`)).toBe(
        `/x?a=1&${name.toUpperCase()}=REDACTED&b=2`,
      )
      expect(loggableUri('/x', `${name.replace('e', '%65')}=a=b`)).toBe(
        `/x?${name.replace('e', '%65')}=REDACTED`,
      )
    },
  )

  it.each([
    ['/x', '', '/x'],
    ['/x', 'tokens=1', '/x?tokens=1'],
    ['/x', 'token', '/x?token'],
    ['/x', 'token=', '/x?token=REDACTED'],
    ['/x', '=token', '/x?=token'],
    ['/x', 'a=token', '/x?a=token'],
    ['/x', '%=1', '/x?%=1'],
    ['/token', 'a=1&&b', '/token?a=1&&b'],
  ])('of %s and "%s" is %s', (path, query, expected) => {
    expect(loggableUri(path, query)).toBe(expected)
  })
})
