import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { selectorOf } from './selector.ts'

describe('selectorOf', () => {
  const isSelected = selectorOf({
    remove: ['authorization', 'x-remote-user'],
    removePrefixes: ['x-remote-extra-'],
    replace: [['sec-websocket-protocol', 'chat']],
  })

  it.each([
    'authorization',
    'Authorization',
    'AUTHORIZATION',
    'X-Remote-User',
    'x-remote-extra-',
    'X-Remote-Extra-Project',
    'x-REMOTE-extra-a%2fb',
    'x_remote_user',
    'X_Remote-User',
    'x-remote_user',
    'X_REMOTE_EXTRA_Project',
    'x_remote-extra_a',
    'Sec-WebSocket-Protocol',
  ])('selects %s', (name) => {
    expect(isSelected(name)).toBe(true)
  })

  it.each([
    '',
    'authorizatio',
    'authorization ',
    'authorization-x',
    'proxy-authorization',
    'x-remote-users',
    'x-remote-extra',
    'x-remote-group',
    'x_remote_users',
    'x.remote.user',
    'xremoteuser',
    '_x-remote-user',
    'sec_websocket_protocol',
    'sec-websocket-key',
    '__proto__',
    'constructor',
  ])('leaves %j alone', (name) => {
    expect(isSelected(name)).toBe(false)
  })

  it('selects what is named in capitals, too', () => {
    const isNamed = selectorOf({ remove: ['X-Api-Key'], removePrefixes: ['X-Api-Extra-'] })
    expect(['x-api-key', 'X_API_KEY', 'x-api-extra-a', 'x-api-other'].filter(isNamed)).toHaveLength(3)
  })

  it.each([
    ['Impersonate_User', true],
    ['impersonate_extra-scope', true],
    ['impersonate_extra_scope', true],
    ['impersonate-extra_scope', true],
    ['IMPERSONATE_ANYTHING', true],
    ['Impersonate-User', false],
    ['impersonate-extra-scope', false],
    ['impersonate-extra-my_scope', false],
    ['impersonate', false],
    ['impersonator_user', false],
    ['if_match', false],
  ])('takes %s for a twin of a header: %s', (name, isTwin) => {
    expect(selectorOf({ remove: [], removeTwinsOf: ['Impersonate-', 'impersonate-extra-'] })(name)).toBe(
      isTwin,
    )
  })

  it('selects nothing where nothing is to change', () => {
    expect(selectorOf({ remove: [] })('authorization')).toBe(false)
  })

  it('selects what a plain comparison selects, in which - and _ are the same', () => {
    const name = fc.string({
      unit: fc.constantFrom('a', 'A', 'b', '-', '_', '@', '`', '1', 'Q'),
      maxLength: 7,
    })
    const lists = fc.array(
      name.map((text) => text.toLowerCase()),
      { maxLength: 3 },
    )
    fc.assert(
      fc.property(
        lists,
        lists,
        lists,
        lists,
        name,
        (remove, removePrefixes, removeTwinsOf, replaced, asked) => {
          const alike = (text: string): string => text.replaceAll('_', '-')
          const lowerCase = asked.toLowerCase()
          const wanted = alike(lowerCase)
          const replace = replaced.map((each) => [each, 'value'] as const)
          expect(selectorOf({ remove, removePrefixes, removeTwinsOf, replace })(asked)).toBe(
            remove.map(alike).includes(wanted) ||
              replaced.includes(lowerCase) ||
              removePrefixes.some((prefix) => wanted.startsWith(alike(prefix))) ||
              removeTwinsOf.some(
                (prefix) => wanted.startsWith(alike(prefix)) && !lowerCase.startsWith(alike(prefix)),
              ),
          )
        },
      ),
      { numRuns: 3000 },
    )
  })
})
