import { once } from 'node:events'
import type { RequestOptions } from 'node:https'
import { type Authentication, userInfo } from '@kube-authn/core'
import { fixedClock } from '@kube-authn/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Agent, type Dispatcher, fetch } from 'undici/index.js'
import { WebSocket, WebSocketServer } from 'ws'
import { jane, type RunningUpstream, upstreamServer, valuesOf } from '../../test/servers.ts'
import { kubeConfigAsUser, type KubeConfigAsUserOptions } from './kube-config-as-user.ts'

const PODS = '/api/v1/namespaces/default/pods'

/** A request of the client, as its `RequestContext` is. */
class Context {
  #dispatcher: Dispatcher | undefined
  getDispatcher(): Dispatcher | undefined {
    return this.#dispatcher
  }
  setDispatcher(dispatcher: Dispatcher): void {
    this.#dispatcher = dispatcher
  }
}

/** A configuration of the client, as its `KubeConfig` is: it has a connection of its own for each request. */
class Config {
  readonly upstream: RunningUpstream
  readonly headers: Readonly<Record<string, string>>
  constructor(upstream: RunningUpstream, headers: Config['headers'] = { Authorization: 'Bearer own-token' }) {
    this.upstream = upstream
    this.headers = headers
  }
  applySecurityAuthentication(context: Context): Promise<void> {
    const agent = new Agent({ connect: { ca: this.upstream.ca } })
    onTestFinished(() => agent.destroy())
    context.setDispatcher(agent)
    return Promise.resolve()
  }
  applyToHTTPSOptions(options: RequestOptions): Promise<void> {
    Object.assign(options, { ca: this.upstream.ca, headers: { ...this.headers } })
    return Promise.resolve()
  }
  async ask(path = PODS, headers = this.headers): Promise<Awaited<ReturnType<typeof fetch>>> {
    const context = new Context()
    await this.applySecurityAuthentication(context)
    return fetch(this.upstream.url + path, { headers: { ...headers }, dispatcher: context.getDispatcher()! })
  }
  async upgrade(): Promise<WebSocket> {
    const options = {}
    await this.applyToHTTPSOptions(options)
    return new WebSocket(`${this.upstream.url}${PODS}/a/exec`, options)
  }
}

async function configAs(
  authentication: Authentication,
  options?: KubeConfigAsUserOptions,
  listener?: Parameters<typeof upstreamServer>[0],
): Promise<Config> {
  return kubeConfigAsUser(new Config(await upstreamServer(listener)), authentication, options)
}

const identity = (upstream: RunningUpstream): readonly (readonly string[])[] =>
  [
    'authorization',
    'impersonate-user',
    'impersonate-uid',
    'impersonate-group',
    'impersonate-extra-scopes',
  ].map((name) => valuesOf(upstream.received[0]?.rawHeaders, name))
const AS_JANE = [['Bearer own-token'], ['jane'], ['42'], ['dev', 'ops, with comma'], ['read', 'write']]

describe('a configuration of the client, as a user', () => {
  it('makes requests in the name of the user, each group by itself, and the other one makes its own', async () => {
    const upstream = await upstreamServer()
    const own = new Config(upstream)
    const config = kubeConfigAsUser(own, jane)
    expect(await (await config.ask()).text()).toBe('ok')
    expect(identity(upstream)).toEqual(AS_JANE)
    upstream.received.length = 0
    await (await own.ask()).text()
    expect(identity(upstream)).toEqual([['Bearer own-token'], [], [], [], []])
    expect([config.upstream, config instanceof Config]).toEqual([upstream, true])
  })

  it('upgrades in the name of the user, until the credential ends', async () => {
    const clock = fixedClock()
    const config = await configAs({ ...jane, expiresAtMs: clock.now() + 60_000 }, { clock })
    const accepting = new WebSocketServer({ noServer: true })
    config.upstream.server.on('upgrade', (message, socket, head) => {
      const { method = '', url = '', rawHeaders } = message
      config.upstream.received.push({ method, url, rawHeaders, message })
      accepting.handleUpgrade(message, socket, head, (each) => each.send('hello'))
    })
    const socket = await config.upgrade()
    const [hello] = (await once(socket, 'message')) as [Buffer]
    expect([hello.toString(), ...identity(config.upstream)]).toEqual(['hello', ...AS_JANE])
    const closed = once(socket, 'close')
    await clock.advanceAsync(60_000)
    await closed
    await expect(config.upgrade()).rejects.toMatchObject({ status: 401 })
  })

  it('ends a watch once the credential does, and begins no other', async () => {
    const clock = fixedClock()
    const config = await configAs({ ...jane, expiresAtMs: clock.now() + 60_000 }, { clock }, (_, response) =>
      response.write('{"type":"ADDED"}\n'),
    )
    const watch = await config.ask(`${PODS}?watch=1`)
    const reader = watch.body!.getReader()
    await reader.read()
    await clock.advanceAsync(60_000)
    await expect(reader.read()).rejects.toMatchObject({ cause: { message: 'the credential has expired' } })
    await expect(config.ask()).rejects.toMatchObject({ cause: { status: 401 } })
    expect(config.upstream.received).toHaveLength(1)
  })

  it('ends what is older than allowed', async () => {
    const clock = fixedClock()
    const config = await configAs(jane, { clock, maxConnectionSeconds: 30 }, (_, response) =>
      response.write('x'),
    )
    const reader = (await config.ask()).body!.getReader()
    await reader.read()
    await clock.advanceAsync(30_000)
    await expect(reader.read()).rejects.toMatchObject({
      cause: { message: 'the connection has reached its limit' },
    })
  })

  it.each([['Impersonate-User'], ['impersonate-group'], ['IMPERSONATE_USER']])(
    'refuses a request that has %s by itself',
    async (name) => {
      const config = await configAs(jane)
      await expect(config.ask(PODS, { [name]: 'admin' })).rejects.toThrow()
      const own = kubeConfigAsUser(new Config(config.upstream, { [name]: 'admin' }), jane)
      await expect(own.upgrade()).rejects.toThrow('must not impersonate by itself')
      expect(config.upstream.received).toEqual([])
    },
  )

  it.each([
    [{ username: 'system:anonymous', groups: ['system:unauthenticated'] }, {}, 401],
    [{ username: 'root', groups: ['system:masters'] }, {}, 403],
    [{ username: 'eve', groups: ['guests'] }, { refusedGroups: ['guests'] }, 403],
    [{ username: 'jane\n' }, {}, 403],
  ])('refuses %j', async (user, options, status) => {
    await expect(configAs({ user: userInfo(user) }, options)).rejects.toMatchObject({ status })
  })

  it('refuses what is no configuration, one without TLS, and unknown options', async () => {
    expect(() => kubeConfigAsUser({} as never, jane)).toThrow(
      'must be a KubeConfig of @kubernetes/client-node 2',
    )
    expect(() => kubeConfigAsUser(new Config({} as never), jane, { mode: 'token' } as never)).toThrow(
      'unknown option',
    )
    class Plain extends Config {
      override applySecurityAuthentication(): Promise<void> {
        return Promise.resolve()
      }
    }
    const upstream = await upstreamServer()
    await expect(kubeConfigAsUser(new Plain(upstream), jane).ask()).rejects.toThrow('need a cluster with TLS')
    expect(upstream.received).toEqual([])
  })
})
