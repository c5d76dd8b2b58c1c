import { type AddressInfo, createServer, type Socket } from 'node:net'
import { once } from 'node:events'
import { systemClock } from '@kube-authn/core/internal'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { fakeValkey } from '../../test/fake-valkey.ts'
import { contentOf, loggedIn } from '../../test/sessions.ts'
import type { ValkeyClient } from './valkey-client.ts'
import { valkeySessions, type ValkeySessionsOptions } from './valkey-sessions.ts'

const jane = contentOf('jane')

/** A client whose server says this of itself. */
function clientOf(about: string): ValkeyClient {
  return { ...fakeValkey(systemClock), eval: async () => [Date.now(), about] }
}

describe('valkeySessions', () => {
  it.each([
    ['url: must be given, or a client', {}],
    ['url: must not be given together', { url: 'valkey://127.0.0.1', client: clientOf('') }],
    ['url: must be a URL', { url: 'https://127.0.0.1' }],
    ['url: must be a URL', { url: 'valkey:///0' }],
    ['client: must be a client', { client: {} }],
    ['timeoutSeconds', { client: clientOf(''), timeoutSeconds: 0 }],
    ['prefix', { client: clientOf(''), prefix: '{sessions}/' }],
    ['store', { client: clientOf(''), store: {} }],
  ])('refuses wrong options: %s', async (message, options) => {
    await expect(valkeySessions(options as ValkeySessionsOptions)).rejects.toMatchObject({
      code: 'invalidConfiguration',
      message: expect.stringContaining(message),
    })
  })

  it.each(['allkeys-lru', 'volatile-lru', 'volatile-ttl', 'allkeys-random'])(
    'refuses a server that would evict sessions: %s',
    async (policy) => {
      const client = clientOf(`# Memory\r\nmaxmemory:0\r\nmaxmemory_policy:${policy}\r\nother:1\r\n`)
      await expect(valkeySessions({ client })).rejects.toMatchObject({
        code: 'invalidConfiguration',
        message: expect.stringContaining(policy),
      })
    },
  )

  it.each(['maxmemory_policy:noeviction\r\n', '', 'cluster_enabled:1\r\n'])(
    'accepts a server that says %j',
    async (about) => {
      await using keeper = await valkeySessions({ client: clientOf(about) })
      const { header } = await loggedIn(keeper, jane)
      expect((await keeper.find(header))?.content).toEqual(jane)
    },
  )

  it('goes by the time of the server, whatever the clock of this process says', async () => {
    const client = fakeValkey({ now: () => Date.now() + 3_600_000 })
    const keeper = await valkeySessions({ client })
    const { session } = await keeper.begin(jane)
    expect(session.startedAtMs - Date.now()).toBeGreaterThan(3_500_000)
  })

  it.each(['READONLY', 'CLUSTERDOWN', 'MOVED', 'OOM', 'NOAUTH', 'WRONGTYPE', 'LOADING', 'BUSY', 'MISCONF'])(
    'is unavailable, and never without a session, if the server answers %s',
    async (code) => {
      const valkey = fakeValkey(systemClock)
      let isDown = false
      const client: ValkeyClient = {
        ...valkey,
        evalSha: async (sha1, options) => {
          if (isDown) throw new Error(`${code} secret`)
          return valkey.evalSha(sha1, options)
        },
      }
      const keeper = await valkeySessions({ client })
      const { header } = await loggedIn(keeper, jane)
      const session = await keeper.find(header)
      if (session === undefined) throw new Error('there is no session')
      isDown = true
      const unavailable = { code: 'unavailable', message: 'the store of sessions is not available' }
      await expect(keeper.find(header)).rejects.toMatchObject(unavailable)
      await expect(keeper.begin(jane)).rejects.toMatchObject(unavailable)
      await expect(keeper.end(session)).rejects.toMatchObject(unavailable)
      await expect(keeper.endWhere({ username: 'jane' })).rejects.toMatchObject(unavailable)
      isDown = false
      expect(await keeper.find(header)).toEqual(session)
    },
  )

  it.each([
    ['at the start', true],
    ['later', false],
  ])('is unavailable if the server does not answer in time: %s', async (_, isSilent) => {
    const valkey = fakeValkey(systemClock)
    let isDown = isSilent
    const client: ValkeyClient = {
      ...valkey,
      evalSha: (sha1, options) => (isDown ? new Promise(() => undefined) : valkey.evalSha(sha1, options)),
    }
    const asked = valkeySessions({ client, timeoutSeconds: 0.01 }).then(async (keeper) => {
      isDown = true
      return keeper.find(`__Host-session=${'a'.repeat(43)}`)
    })
    await expect(asked).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('sends a script to a server that does not know it', async () => {
    const valkey = fakeValkey(systemClock)
    const sent: string[] = []
    const client: ValkeyClient = {
      evalSha: () => Promise.reject(new Error('NOSCRIPT No matching script. Please use EVAL.')),
      async eval(script) {
        sent.push(script)
        return valkey.eval(script, { keys: [], arguments: [] })
      },
    }
    const keeper = await valkeySessions({ client })
    await keeper.find(`__Host-session=${'a'.repeat(43)}`)
    expect(sent).toHaveLength(2)
    expect(sent[1]).toContain("redis.call('GET', KEYS[1])")
  })

  describe('of a URL', () => {
    it.each([
      ['refuses connections', undefined],
      ['never answers', () => undefined],
      ['closes each connection', (socket: Socket) => void socket.destroy()],
      ['speaks another protocol', (socket: Socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ])('is unavailable at the start if the server %s', async (_, behave) => {
      const server = createServer((socket) => {
        socket.on('error', () => undefined)
        behave?.(socket)
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      if (behave === undefined) server.close()
      else onTestFinished(() => void server.close())
      const opened = valkeySessions({ url: `valkey://127.0.0.1:${port}`, timeoutSeconds: 0.3 })
      await expect(opened).rejects.toMatchObject({ code: 'unavailable' })
    })

    it('says which package it needs', async () => {
      vi.doMock('@redis/client', () => {
        throw new Error('not installed')
      })
      onTestFinished(() => vi.doUnmock('@redis/client'))
      await expect(valkeySessions({ url: 'valkeys://valkey.example.com' })).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining('npm install @redis/client'),
      })
    })
  })
})
