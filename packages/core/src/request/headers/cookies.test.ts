import { describe, expect, it } from 'vitest'
import { applyHeaderChanges } from '../../adapter/incoming-message/apply-header-changes.ts'
import { accumulateHeaderChanges } from './changes.ts'
import { withoutCookies } from './cookies.ts'
import { withHeaderChanges } from './fetch-changes.ts'

const names = ['__Host-session', '__Host-session.1']
const changes = { remove: ['authorization'], removeCookies: names }

describe('the cookies of a header', () => {
  it.each([
    ['', ''],
    ['a=b', 'a=b'],
    ['__Host-session=x', ''],
    ['__Host-session=x; __Host-session.1=y', ''],
    ['a=b; __Host-session=x; c=d', 'a=b; c=d'],
    ['__Host-session=x; a=b', 'a=b'],
    ['a=b;__Host-session=x;c=d', 'a=b;c=d'],
    ['__Host-session=x; __Host-session=y; a=b', 'a=b'],
    ['__Host-session; a=b', 'a=b'],
    ['a=b;\t__Host-session\t=x', 'a=b'],
    ['__host-session=x', '__host-session=x'],
    ['__Host-session2=x; a=__Host-session', '__Host-session2=x; a=__Host-session'],
    ['a="__Host-session=x"', 'a="__Host-session=x"'],
    ['\u00ff=\u00ff; __Host-session=x', '\u00ff=\u00ff'],
    [';;__Host-session=x;', ';;'],
  ])('%j become %j', (value, kept) => {
    expect(withoutCookies(value, names)).toBe(kept)
  })
})

function message(rawHeaders: string[]) {
  const headers: Record<string, string> = {}
  const headersDistinct: Record<string, string[]> = {}
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = [rawHeaders[index]?.toLowerCase(), rawHeaders[index + 1]]
    headers[name] = headers[name] === undefined ? value : `${headers[name]}; ${value}`
    headersDistinct[name] = [...(headersDistinct[name] ?? []), value]
  }
  return { rawHeaders, headers, headersDistinct, httpVersionMajor: 1 }
}

describe('cookies that are removed', () => {
  it.each<readonly [sent: string[], left: string[], joined: string | undefined]>([
    [['Cookie', 'a=b; __Host-session=x', 'X', 'y'], ['Cookie', 'a=b', 'X', 'y'], 'a=b'],
    [['Cookie', '__Host-session=x', 'X', 'y'], ['X', 'y'], undefined],
    [['cookie', 'a=b', 'cookie', '__Host-session=x'], ['cookie', 'a=b', 'cookie', ''], 'a=b'],
    [['Cookie', 'a=\u00c3\u00bc; __Host-session=x'], ['Cookie', 'a=\u00c3\u00bc'], 'a=\u00c3\u00bc'],
    [['Authorization', 'x', 'Cookie', '__Host-session=x; c=d'], ['Cookie', 'c=d'], 'c=d'],
  ])('leave %j of Node as %j', (sent, left, joined) => {
    const given = message(sent)
    expect(applyHeaderChanges(given, changes)).toBe(true)
    expect(given.rawHeaders).toEqual(left)
    expect(given.headers['cookie']).toBe(joined)
    expect(given.headersDistinct['cookie']).toEqual(joined === undefined ? undefined : [joined])
  })

  it('leave a request of Node without them as it is', () => {
    const given = message(['Cookie', 'a=b', 'X', 'y'])
    expect(applyHeaderChanges(given, changes)).toBe(false)
    expect(given.rawHeaders).toEqual(['Cookie', 'a=b', 'X', 'y'])
  })

  it.each([
    ['a=b; __Host-session=x', 'a=b'],
    ['__Host-session=x', null],
    ['a=b', 'a=b'],
  ])('leave %j of a Fetch request as %j', (cookie, left) => {
    const request = new Request('http://localhost/', { headers: { cookie } })
    expect(withHeaderChanges(request, changes).headers.get('cookie')).toBe(left)
  })

  it('are those of every authenticator of a chain', () => {
    const of = accumulateHeaderChanges({ remove: [] }, [() => changes])
    expect(of(undefined).removeCookies).toEqual(names)
    expect(of({ remove: [], removeCookies: ['other'] }).removeCookies).toEqual([...names, 'other'])
    expect(of({ remove: [], removeCookies: ['__Host-session'] })).toEqual(of(undefined))
  })
})
