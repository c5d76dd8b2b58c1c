import { memberOf } from '@kube-authn/core/internal'
import { createClient, createCluster } from '@redis/client'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { SessionContent } from '../../packages/login/src/sessions/session-keeper.ts'
import { givenConnection, type ValkeyClient } from '../../packages/login/src/valkey/valkey-client.ts'
import { valkeyServer } from '../../packages/login/src/valkey/valkey-server.ts'
import {
  valkeySessions,
  type ValkeySessionsOptions,
} from '../../packages/login/src/valkey/valkey-sessions.ts'
import { valkeySessionStore } from '../../packages/login/src/valkey/valkey-store.ts'
import { sessionStoreContract } from '../../packages/login/test/session-store-contract.ts'
import { contentOf, loggedIn } from '../../packages/login/test/sessions.ts'
import { has } from './components.ts'
import { openNetwork } from './network.ts'
import { makeScratch } from './scratch.ts'
import { type RunningValkey, type RunningValkeyCluster, startValkey, startValkeyCluster } from './valkey.ts'

const jane = contentOf('jane')
const REPLICAS = [0, 1, 2] as const
const LONG_SECONDS = 60

/** So that what happens at the same time is interleaved in many ways. */
const pass = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))

/** A keeper of sessions, as one replica of an app has it. */
type Keeper = Awaited<ReturnType<typeof valkeySessions>>

/** What holds for replicas over one server, and over a cluster. */
function holds(client: () => ValkeyClient, openReplica: (prefix: string) => Promise<Keeper>): void {
  let prefixes = 0
  const replicas = async (): Promise<readonly Keeper[]> => {
    const prefix = `/sessions/${prefixes++}/`
    return Promise.all(REPLICAS.map(async () => openReplica(prefix)))
  }
  const pick = (keepers: readonly Keeper[], index: number): Keeper => {
    const keeper = keepers[index % keepers.length]
    if (keeper === undefined) throw new Error('there are replicas')
    return keeper
  }

  describe('the store', () => {
    sessionStoreContract(
      () => valkeySessionStore(valkeyServer(givenConnection(client()), LONG_SECONDS * 1000)),
      // Its own time goes on, and the contract waits for what is to come.
      () => Promise.resolve(),
    )
  })

  it('has each session at each replica', async () => {
    const keepers = await replicas()
    const names = Array.from({ length: 60 }, (_, index) => `user-${index}-{${index}}`)
    const browsers = await Promise.all(
      names.map(async (name, index) => loggedIn(pick(keepers, index), contentOf(name))),
    )
    for (const keeper of keepers) {
      const found = await Promise.all(browsers.map(async ({ header }) => keeper.find(header)))
      expect(found.map((session) => session?.content.username)).toEqual(names)
      expect((await keeper.list({})).map(({ username }) => username).toSorted()).toEqual(names.toSorted())
    }
  })

  it('refreshes a session once, however many replicas and requests need it', async () => {
    const keepers = await replicas()
    const used = new Map<string, number>()
    const renew = async (content: SessionContent): Promise<SessionContent> => {
      const { refreshToken = '' } = content
      used.set(refreshToken, (used.get(refreshToken) ?? 0) + 1)
      await pass(50)
      return { ...content, idToken: 'new', refreshToken: `${refreshToken}+` }
    }
    const names = Array.from({ length: 20 }, (_, index) => `user-${index}`)
    const refreshed = await Promise.all(
      names.map(async (name, index) => {
        const { session } = await pick(keepers, index).begin(contentOf(name))
        return Promise.all(
          Array.from({ length: 6 }, async (_, request) => pick(keepers, request).refresh(session, renew)),
        )
      }),
    )
    expect([...used.values()]).toEqual(names.map(() => 1))
    for (const [index, opened] of refreshed.entries()) {
      const tokens = opened.map((each) => each?.session.content.refreshToken)
      expect(tokens).toEqual(tokens.map(() => `refresh-user-${index}-0+`))
    }
  })

  it('leaves no session of a login that was under way during a logout everywhere', async () => {
    const keepers = await replicas()
    let refused = 0
    for (let round = 0; round < 20; round++) {
      const content = contentOf(`user-${round}`)
      const logins = Array.from({ length: 12 }, async (_, index) => {
        await pass(index % 4)
        return pick(keepers, index).begin(content)
      })
      await pass(round % 5)
      const started = Promise.allSettled(logins)
      await pick(keepers, round).endWhere({ username: content.username })
      refused += (await started).filter(({ status }) => status === 'rejected').length
      expect(await pick(keepers, round + 1).list({ username: content.username })).toEqual([])
      await expect(pick(keepers, round + 2).begin(content)).rejects.toMatchObject({ code: 'unavailable' })
    }
    expect(refused).toBeGreaterThan(0)
  })

  it.each([
    ['an admin', (digest: string) => ({ digest })],
    ['a logout everywhere', () => ({ username: 'jane' })],
    ['a back-channel logout with sid', () => ({ provider: 'example', providerSession: 'sid-jane' })],
    ['a back-channel logout with sub', () => ({ provider: 'example', subject: 'sub-jane' })],
    ['the end of a provider', () => ({ provider: 'example' })],
  ])('ends sessions at each replica: %s', async (_, selector) => {
    const keepers = await replicas()
    const { header } = await loggedIn(pick(keepers, 0), jane)
    const bob = await loggedIn(pick(keepers, 1), contentOf('bob', { provider: 'other' }))
    const digest = (await pick(keepers, 1).find(header))?.digest ?? ''
    expect(await pick(keepers, 2).endWhere(selector(digest))).toBe(1)
    for (const keeper of keepers) {
      expect(await keeper.find(header)).toBeUndefined()
      expect((await keeper.find(bob.header))?.content.username).toBe('bob')
    }
  })

  it('ends the connections of a session at each replica', async () => {
    const keepers = await replicas()
    const { session } = await pick(keepers, 0).begin(jane)
    const ended = keepers.map((keeper) => {
      const onEnded = vi.fn()
      keeper.watch(session, onEnded)
      return onEnded
    })
    await pick(keepers, 2).endWhere({ username: 'jane' })
    expect(ended[2]).toHaveBeenCalledOnce()
    await vi.waitFor(() => expect(ended.map(({ mock }) => mock.calls.length)).toEqual([1, 1, 1]))
  })

  it('keeps to a number of sessions for a user at all replicas', async () => {
    const keepers = await replicas()
    await Promise.all(Array.from({ length: 60 }, async (_, index) => pick(keepers, index).begin(jane)))
    await pick(keepers, 0).begin(jane)
    expect((await pick(keepers, 1).list({ username: 'jane' })).length).toBeLessThanOrEqual(20)
  })

  it('uses something once, at whichever replica', async () => {
    const keepers = await replicas()
    const uses = Array.from({ length: 30 }, async (_, index) => pick(keepers, index).useOnce('state', 60_000))
    expect((await Promise.all(uses)).filter(Boolean)).toHaveLength(1)
  })
}

describe.runIf(has('valkey', 'setpriv'))('sessions in one Valkey', () => {
  const scratch = makeScratch()
  let server: RunningValkey
  let client: ReturnType<typeof createClient>
  beforeAll(async () => {
    server = await startValkey(scratch, 'valkey')
    client = createClient({ url: `redis://127.0.0.1:${server.port}` })
    client.on('error', () => undefined)
    await client.connect()
  })
  afterAll(async () => {
    client.destroy()
    await server.close()
    scratch.remove()
  })
  const open = async (options: Partial<ValkeySessionsOptions> = {}): Promise<Keeper> => {
    const keeper = await valkeySessions({ url: server.url, timeoutSeconds: LONG_SECONDS, ...options })
    onTestFinished(() => keeper.close())
    return keeper
  }

  holds(
    () => client,
    (prefix) => open({ prefix }),
  )

  it('tells a replica nothing of logins, uses, refreshes and logouts at another one', async () => {
    const network = await openNetwork(server.port)
    onTestFinished(() => network.close())
    const idle = await open({ url: `valkey://127.0.0.1:${network.port}`, prefix: '/quiet/' })
    const busy = await open({ prefix: '/quiet/', idleTimeoutSeconds: 0.5 })
    await loggedIn(idle, contentOf('bob'))
    const before = network.received()
    expect(before).toBeGreaterThan(0)
    for (let index = 0; index < 50; index++) {
      const { session } = await busy.begin(contentOf(`user-${index}`))
      await pass(1)
      await busy.touch(session)
      await busy.refresh(session, async (content) => ({ ...content, idToken: 'new' }))
      if (index % 2 === 0) await busy.endWhere({ username: `user-${index}` })
    }
    await vi.waitFor(async () => expect(await busy.list({ username: 'user-1' })).toEqual([]))
    expect(network.received() - before).toBe(0)
    // It would have been told before this answer.
    expect(await idle.list({ username: 'user-2' })).toEqual([])
    expect(network.received()).toBeGreaterThan(before)
  })

  it('ends sessions and all that belongs to them by itself', async () => {
    const own = await startValkey(scratch, 'ends')
    onTestFinished(() => own.close())
    const keeper = await open({ url: own.url, idleTimeoutSeconds: 1, expirationSeconds: 2 })
    const { header } = await loggedIn(keeper, jane)
    await keeper.endWhere({ username: 'bob' })
    expect(Number(await own.ask('DBSIZE'))).toBeGreaterThan(6)
    await vi.waitFor(async () => expect(await keeper.find(header)).toBeUndefined())
    await vi.waitFor(async () => expect(await own.ask('DBSIZE')).toBe(0), { timeout: 60_000 })
  })

  it('shows no secret to anyone who reads the database', async () => {
    const keeper = await open({ prefix: '/secrets/' })
    const { session } = await keeper.begin(jane)
    const keys = (await server.ask('KEYS', '/secrets/*')) as readonly string[]
    const texts = await Promise.all(
      keys.map(async (key) => {
        const type = await server.ask('TYPE', key)
        return String(
          await (type === 'string' ? server.ask('GET', key) : server.ask('ZRANGE', key, '0', '-1')),
        )
      }),
    )
    const all = [...keys, ...texts].join('\n')
    expect(all).toContain(session.digest)
    expect(all).toContain('"username":"jane"')
    for (const secret of [session.id, jane.idToken, jane.refreshToken]) expect(all).not.toContain(secret)
  })

  it('takes records of another type, and lists of another type, for an outage', async () => {
    const keeper = await open({ prefix: '/types/' })
    const { header } = await loggedIn(keeper, jane)
    const keys = (await server.ask('KEYS', '/types/*')) as readonly string[]
    for (const key of keys) {
      await server.ask('DEL', key)
      await server.ask('HSET', key, 'a', 'b')
    }
    await expect(keeper.find(header)).rejects.toMatchObject({ code: 'unavailable' })
    await expect(keeper.begin(jane)).rejects.toMatchObject({ code: 'unavailable' })
    await expect(keeper.endWhere({ username: 'jane' })).rejects.toMatchObject({ code: 'unavailable' })
  })
})

/** A server that is taken away, and a keeper that gives up soon. */
async function failing(flags: readonly string[] = []) {
  const scratch = makeScratch()
  onTestFinished(() => scratch.remove())
  const server = await startValkey(scratch, 'valkey', flags)
  onTestFinished(() => server.close())
  const network = await openNetwork(server.port)
  onTestFinished(() => network.close())
  const keeper = await valkeySessions({ url: `valkey://127.0.0.1:${network.port}`, timeoutSeconds: 1 })
  onTestFinished(() => keeper.close())
  const { header } = await loggedIn(keeper, jane)
  const find = async (): Promise<string> => {
    try {
      return (await keeper.find(header))?.content.username ?? 'no session'
    } catch (thrown) {
      return String(memberOf(thrown, 'code'))
    }
  }
  await vi.waitFor(async () => expect(await find()).toBe('jane'))
  /** What it finds until it finds this. */
  const until = async (expected: string): Promise<ReadonlySet<string>> => {
    const found = new Set<string>()
    await vi.waitFor(async () => {
      const one = await find()
      if (one !== expected) found.add(one)
      expect(one).toBe(expected)
    })
    return found
  }
  return { server, network, keeper, header, find, until }
}

describe.runIf(has('valkey', 'setpriv'))('sessions in a Valkey that fails', () => {
  const onlyUnavailable = new Set(['unavailable'])

  it.each([
    ['is stopped', ({ server }) => server.signal('SIGSTOP'), ({ server }) => server.signal('SIGCONT')],
    ['is silent', ({ network }) => network.drop(), ({ network }) => network.mend()],
    ['is forgotten by a firewall', ({ network }) => network.forget(), () => undefined],
  ] satisfies [string, ...((given: Awaited<ReturnType<typeof failing>>) => void)[]][])(
    'are unavailable while it %s, and there afterwards',
    async (_, fail, mend) => {
      const given = await failing()
      fail?.(given)
      expect(await given.find()).toBe('unavailable')
      await expect(given.keeper.begin(contentOf('bob'))).rejects.toMatchObject({ code: 'unavailable' })
      mend?.(given)
      for (const found of await given.until('jane')) expect(found).toBe('unavailable')
      await given.keeper.begin(contentOf('bob'))
    },
  )

  it('are there after connections were reset', async () => {
    const { network, until } = await failing()
    for (let round = 0; round < 5; round++) {
      network.cut()
      for (const found of await until('jane')) expect(found).toBe('unavailable')
    }
  })

  it('have ended, with those of an earlier copy, after a server that keeps nothing was killed', async () => {
    const { server, keeper, find, until } = await failing()
    await server.kill()
    expect(await until('unavailable')).toEqual(new Set())
    await server.start()
    expect(await until('no session')).toEqual(onlyUnavailable)
    const { header } = await loggedIn(keeper, contentOf('bob'))
    expect((await keeper.find(header))?.content.username).toBe('bob')
    expect(await find()).toBe('no session')
  })

  it('are there, and those that have ended are not, after a server that writes each change was killed', async () => {
    const { server, keeper, until } = await failing(['--appendonly', 'yes', '--appendfsync', 'always'])
    const bob = await loggedIn(keeper, contentOf('bob'))
    await keeper.endWhere({ username: 'bob' })
    await server.kill()
    await until('unavailable')
    await server.start()
    await until('jane')
    expect(await keeper.find(bob.header)).toBeUndefined()
    await expect(keeper.begin(contentOf('bob'))).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('can end, and none can begin, when its memory is full', async () => {
    const { server, keeper, header, find } = await failing()
    await server.ask('CONFIG', 'SET', 'maxmemory', '1')
    await expect(keeper.begin(contentOf('bob'))).rejects.toMatchObject({ code: 'unavailable' })
    expect(await find()).toBe('jane')
    await keeper.end(await keeper.find(header))
    expect(await find()).toBe('no session')
    await server.ask('CONFIG', 'SET', 'maxmemory', '0')
    expect(await keeper.list({ username: 'bob' })).toEqual([])
    await keeper.begin(contentOf('bob'))
  })

  it('can neither begin nor end at a server that has become a replica', async () => {
    const { server, keeper, header, find } = await failing()
    const other = await failing()
    await server.ask('CONFIG', 'SET', 'min-replicas-to-write', '1')
    await expect(keeper.begin(contentOf('bob'))).rejects.toMatchObject({ code: 'unavailable' })
    await server.ask('CONFIG', 'SET', 'min-replicas-to-write', '0')
    const session = await keeper.find(header)
    await server.ask('REPLICAOF', '127.0.0.1', String(other.server.port))
    await expect(keeper.begin(contentOf('bob'))).rejects.toMatchObject({ code: 'unavailable' })
    await expect(keeper.end(session)).rejects.toMatchObject({ code: 'unavailable' })
    await server.ask('REPLICAOF', 'NO', 'ONE')
    expect(['jane', 'no session']).toContain(await find())
  })

  it.each([
    ['without its password', ['--requirepass', 'secret'], {}, 'unavailable'],
    ['that would evict sessions', ['--maxmemory-policy', 'allkeys-lru'], {}, 'invalidConfiguration'],
    ['of a cluster', ['--cluster-enabled', 'yes', '--cluster-port', '0'], {}, 'invalidConfiguration'],
  ])('are not opened at a server %s', async (_, flags, options, code) => {
    const scratch = makeScratch()
    onTestFinished(() => scratch.remove())
    const server = await startValkey(scratch, 'valkey', flags)
    onTestFinished(() => server.close())
    await expect(valkeySessions({ url: server.url, ...options })).rejects.toMatchObject({ code })
  })

  it('need no more than a few commands on their keys', async () => {
    const { server, network } = await failing()
    const rights = 'on >pw ~/sessions/* resetchannels -@all +eval +evalsha +time +get +set +del +zadd +zrem'
    const more = '+zrange +zrangebyscore +zremrangebyscore +pexpireat +ping'
    await server.ask('ACL', 'SETUSER', 'app', ...`${rights} ${more}`.split(' '))
    const url = `valkey://app:pw@127.0.0.1:${network.port}`
    await using keeper = await valkeySessions({ url })
    const { header } = await loggedIn(keeper, contentOf('bob'))
    const session = await keeper.find(header)
    if (session === undefined) throw new Error('there is no session')
    await keeper.refresh(session, async (content) => content)
    expect(await keeper.list({ username: 'bob' })).toHaveLength(1)
    expect(await keeper.endWhere({ username: 'bob' })).toBe(1)
    await using elsewhere = await valkeySessions({ url, prefix: '/elsewhere/' })
    await expect(elsewhere.begin(jane)).rejects.toMatchObject({ code: 'unavailable' })
  })
})

describe.runIf(has('valkey', 'valkeyCli', 'setpriv'))('sessions in a cluster of Valkey', () => {
  const scratch = makeScratch()
  let cluster: RunningValkeyCluster
  let client: ReturnType<typeof createCluster>
  beforeAll(async () => {
    cluster = await startValkeyCluster(scratch)
    const rootNodes = cluster.nodes.map(({ port }) => ({ url: `redis://127.0.0.1:${port}` }))
    client = createCluster({ rootNodes })
    client.on('error', () => undefined)
    await client.connect()
  })
  afterAll(async () => {
    client.destroy()
    await cluster.close()
    scratch.remove()
  })

  holds(
    () => client,
    (prefix) => valkeySessions({ client, prefix, timeoutSeconds: LONG_SECONDS }),
  )

  it('go on after a node was killed, and its replica has taken its place', async () => {
    const keeper = await valkeySessions({ client, prefix: '/failover/', timeoutSeconds: 2 })
    const names = Array.from({ length: 30 }, (_, index) => `user-${index}`)
    const browsers = await Promise.all(names.map(async (name) => loggedIn(keeper, contentOf(name))))
    await vi.waitFor(async () => expect(String(await cluster.first.ask('WAIT', '1', '0'))).toBe('1'))
    await cluster.first.kill()
    const found = new Set<string>()
    await vi.waitFor(async () => {
      const outcomes = await Promise.allSettled(browsers.map(async ({ header }) => keeper.find(header)))
      for (const outcome of outcomes) {
        found.add(
          outcome.status === 'fulfilled'
            ? String(outcome.value?.version)
            : String(memberOf(outcome.reason, 'code')),
        )
      }
      expect(outcomes.map(({ status }) => status)).toEqual(names.map(() => 'fulfilled'))
      await expect(keeper.begin(contentOf('bob'))).resolves.toBeDefined()
    })
    // None was missing meanwhile.
    expect([...found].toSorted()).toEqual(['0', 'unavailable'])
    expect((await keeper.list({})).length).toBeGreaterThan(30)
  })
})
