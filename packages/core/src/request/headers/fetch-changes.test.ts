import { describe, expect, it } from 'vitest'
import { withHeaderChanges } from './fetch-changes.ts'

const sent = () =>
  new Request('https://example.com/a', {
    method: 'POST',
    body: 'body',
    headers: { Authorization: 'Bearer t', 'X-Remote-Extra-A': '1', 'X-Remote-Extra-B': '2', 'X-Keep': '3' },
  })

/** A request whose headers cannot be written to, as on Deno and Workers. */
function guarded(): Request {
  const request = sent()
  const refuse = (): never => {
    throw new TypeError('immutable')
  }
  Object.assign(request.headers, { delete: refuse, set: refuse, append: refuse })
  return request
}

describe.each([
  ['can be written to', sent],
  ['are protected', guarded],
])('withHeaderChanges, where headers %s', (_, make) => {
  it('removes names and prefixes, and keeps the rest and the body', async () => {
    const changed = withHeaderChanges(make(), {
      remove: ['authorization', 'x-none'],
      removePrefixes: ['x-remote-extra-'],
    })
    expect([...changed.headers.keys()]).toEqual(['content-type', 'x-keep'])
    expect(changed.method).toBe('POST')
    expect(changed.url).toBe('https://example.com/a')
    expect(await changed.text()).toBe('body')
  })

  it('replaces what is there, and adds nothing that is not', () => {
    const changed = withHeaderChanges(make(), {
      remove: [],
      replace: [
        ['x-keep', 'new'],
        ['x-none', 'new'],
      ],
    })
    expect(changed.headers.get('x-keep')).toBe('new')
    expect(changed.headers.has('x-none')).toBe(false)
    expect(changed.headers.get('authorization')).toBe('Bearer t')
  })

  it('takes names in any letters', () => {
    const changed = withHeaderChanges(make(), {
      remove: ['AUTHORIZATION'],
      removePrefixes: ['X-Remote-EXTRA-'],
      replace: [['X-Keep', 'new']],
    })
    expect([...changed.headers]).toEqual([
      ['content-type', 'text/plain;charset=UTF-8'],
      ['x-keep', 'new'],
    ])
  })

  it('takes names in capitals also where nothing but one is replaced', () => {
    const changed = withHeaderChanges(make(), { remove: [], replace: [['Authorization', 'new']] })
    expect(changed.headers.get('authorization')).toBe('new')
  })

  it.each([
    ['letters', 'grüppe,☃', '\u0067\u0072\u00C3\u00BC\u0070\u0070\u0065,\u00E2\u0098\u0083'],
    ['bytes that were not UTF-8', 'a\uDCFEb', 'a\u00FEb'],
  ])('writes %s as the bytes that they were sent as', (_name, value, written) => {
    const changed = withHeaderChanges(make(), { remove: [], replace: [['x-keep', value]] })
    expect(changed.headers.get('x-keep')).toBe(written)
  })

  it.each([
    ['nothing is to change', { remove: [] }],
    [
      'nothing of it is there',
      { remove: ['x-none'], removePrefixes: ['x-none-'], replace: [['x-none', 'a']] as const },
    ],
  ])('gives back the very same request when %s', (_name, changes) => {
    const request = make()
    expect(withHeaderChanges(request, changes)).toBe(request)
  })
})

describe('withHeaderChanges', () => {
  it.each([
    { remove: ['x-remote-user'] },
    { remove: ['x-remote-user'], removePrefixes: ['x-remote-extra-'] },
    { remove: ['x-remote-user'], replace: [['x-none', '3']] },
  ] as const)('removes twins with underscores as well: %j', (changes) => {
    const asked = new Request('https://example.com/', {
      headers: { X_Remote_User: 'a', 'X-Remote_User': 'b', X_Remote_Users: 'c', X_Keep: 'd' },
    })
    expect([...withHeaderChanges(asked, changes).headers.keys()]).toEqual(['x_keep', 'x_remote_users'])
  })
})
