import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyHeaderChanges } from './apply-header-changes.ts'
import { incomingMessageRequest } from './incoming-message.ts'

const SENT = [
  'Host: app',
  'Authorization: Bearer secret',
  'X-Remote-Group: a',
  'X-Remote-Group: b',
  'Accept: text/plain',
  'Accept: text/html',
  'Cookie: a=1',
  'Cookie: b=2',
]
const KEPT = { host: 'app', accept: 'text/plain, text/html', cookie: 'a=1; b=2' }
const KEPT_DISTINCT = { host: ['app'], accept: ['text/plain', 'text/html'], cookie: ['a=1', 'b=2'] }
const REMOVED = { remove: ['authorization', 'x-remote-group'] }

/** What a server of Node makes of a request, while it is there. */
async function received<T>(look: (message: IncomingMessage) => T, sent = SENT): Promise<T> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = connect(port, '127.0.0.1', () =>
    client.write(`GET / HTTP/1.1\r\n${sent.join('\r\n')}\r\n\r\n`),
  )
  const [message] = (await once(server, 'request')) as [IncomingMessage]
  try {
    return look(message)
  } finally {
    client.destroy()
    server.close()
  }
}

const plain = (headers: object | undefined): object => ({ ...headers })

describe('headers that are removed from a request of Node', () => {
  it.each<[string, (message: IncomingMessage) => unknown]>([
    ['nothing was read', () => undefined],
    ['headers were read', ({ headers }) => headers],
    ['headersDistinct was read', ({ headersDistinct }) => headersDistinct],
    ['both were read', ({ headers, headersDistinct }) => [headers, headersDistinct]],
    [
      'an authenticator has looked',
      (message) => incomingMessageRequest(message).headers.first('authorization'),
    ],
  ])('are gone everywhere, and the others are there: %s', async (_, before) => {
    const seen = await received((message) => {
      before(message)
      return {
        isChanged: applyHeaderChanges(message, REMOVED),
        headers: plain(message.headers),
        headersDistinct: plain(message.headersDistinct),
        rawHeaders: [...message.rawHeaders],
      }
    })
    expect(seen).toEqual({
      isChanged: true,
      headers: KEPT,
      headersDistinct: KEPT_DISTINCT,
      rawHeaders: [
        'Host',
        'app',
        'Accept',
        'text/plain',
        'Accept',
        'text/html',
        'Cookie',
        'a=1',
        'Cookie',
        'b=2',
      ],
    })
  })

  it('are removed too where Node.js cannot make a list of each', () => {
    const names = ['Authorization', 'a', '__proto__', 'x', 'constructor', 'y', 'Accept', 'b', 'accept', 'c']
    const message = {
      rawHeaders: names,
      headers: { authorization: 'a', accept: 'b, c' },
      httpVersionMajor: 1,
      // As in Node.js 20.19, whose object has a prototype.
      get headersDistinct(): Record<string, string[]> {
        throw new TypeError('dest[field].push is not a function')
      },
    }
    expect(applyHeaderChanges(message, REMOVED)).toBe(true)
    expect(message.rawHeaders).toEqual(names)
    expect(names).not.toContain('Authorization')
    expect(message.headers).toEqual({ accept: 'b, c' })
    expect(Object.entries(message.headersDistinct)).toEqual([
      ['__proto__', ['x']],
      ['constructor', ['y']],
      ['accept', ['b', 'c']],
    ])
  })

  it('leave what an application did to headersDistinct before, and what it holds of it', async () => {
    const seen = await received((message) => {
      const held = message.headersDistinct
      delete held['accept']
      held['host'] = ['other']
      applyHeaderChanges(message, REMOVED)
      const { accept, host, authorization } = message.headersDistinct
      return { isSame: held === message.headersDistinct, accept, host, authorization }
    })
    expect(seen).toEqual({ isSame: true, accept: undefined, host: ['other'], authorization: undefined })
  })

  it.each([
    [['Host: a', 'Cookie:'], false, { host: ['a'], cookie: [''] }],
    [['Host: a', 'Cookie: a=1', 'Cookie:'], false, { host: ['a'], cookie: ['a=1', ''] }],
    [['Host: a', 'Cookie: a=1; b=2', 'Cookie:'], true, { host: ['a'], cookie: ['a=1'] }],
    [['Host: a', 'Cookie: b=2'], true, { host: ['a'] }],
  ])('leave the cookies of others: %j', async (sent, isChanged, distinct) => {
    const made = await received(
      (each) => [applyHeaderChanges(each, { remove: [], removeCookies: ['b'] }), plain(each.headersDistinct)],
      sent,
    )
    expect(made).toEqual([isChanged, distinct])
  })

  it('are those that were selected, whatever is repeated, mixed or named like a member of an object', () => {
    const names = [
      'Authorization',
      'AUTHORIZATION',
      'X_Remote_Group',
      'Accept',
      'Cookie',
      'cookie',
      '__proto__',
    ]
    const values = ['', 'x', 'session=1', 'session=1; a=2', 'a=2']
    const sent = fc.array(fc.tuple(fc.constantFrom(...names), fc.constantFrom(...values)), { maxLength: 12 })
    fc.assert(
      fc.property(sent, (pairs) => {
        const rawHeaders = pairs.flat()
        const message = { rawHeaders, headers: {}, headersDistinct: {}, httpVersionMajor: 1 }
        applyHeaderChanges(message, { ...REMOVED, removeCookies: ['session'] })
        const left = pairs
          .filter(([name]) => !/^(?:authorization|x_remote_group)$/i.test(name))
          .map(([name, value]) => [
            name,
            /^cookie$/i.test(name) ? value.replace(/session=1(?:; )?/, '') : value,
          ])
        const cookies = left.filter(([name]) => name?.toLowerCase() === 'cookie').map(([, value]) => value)
        const isSent = pairs.some(([name, value]) => /^cookie$/i.test(name) && value.includes('session'))
        const isEmpty = isSent && cookies.every((value) => value === '')
        expect(rawHeaders).toEqual(left.filter(([name]) => !(isEmpty && /^cookie$/i.test(name ?? ''))).flat())
      }),
      { numRuns: 300 },
    )
  })

  it('may be removed one after the other', async () => {
    const seen = await received((message) => {
      applyHeaderChanges(message, { remove: ['authorization'] })
      applyHeaderChanges(message, { remove: ['x-remote-group'] })
      return [plain(message.headers), plain(message.headersDistinct)]
    })
    expect(seen).toEqual([KEPT, KEPT_DISTINCT])
  })

  it('count as absent once an application has taken them out of what it reads', async () => {
    const values = await received((message) => {
      const { headers } = incomingMessageRequest(message)
      const before = headers.all('x-remote-group')
      delete message.headers['x-remote-group']
      return [before, headers.all('x-remote-group'), headers.first('authorization')]
    })
    expect(values).toEqual([['a', 'b'], [], 'Bearer secret'])
  })
})
