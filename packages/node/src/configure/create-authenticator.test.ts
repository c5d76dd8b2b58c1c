import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { authenticateRequest } from '@kube-authn/core/adapter'
import { ConfigurationError, explain } from '@kube-authn/core'
import {
  always,
  fakeRequest,
  fakeTokenAuthenticator,
  fakeUser,
  fixedClock,
  noOpinion,
  recordEvents,
} from '@kube-authn/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createAuthenticator, type CreateAuthenticatorOptions, type NodeAuthenticator } from '../index.ts'

let folder: string
let tokenFile: string
let passwordFile: string
const open: NodeAuthenticator[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'create-authenticator-'))
  tokenFile = join(folder, 'tokens.csv')
  passwordFile = join(folder, 'passwords.csv')
  writeFileSync(tokenFile, 'tok,jane,1,"a,b"\n')
  writeFileSync(passwordFile, 'pw,joe,2\n')
})
afterEach(() => {
  for (const authenticator of open.splice(0)) authenticator.close()
  rmSync(folder, { recursive: true, force: true })
})

function create(options: CreateAuthenticatorOptions): NodeAuthenticator {
  const authenticator = createAuthenticator(options)
  open.push(authenticator)
  return authenticator
}

async function usernameOf(
  authenticator: NodeAuthenticator,
  authorization?: string,
): Promise<string | number> {
  const headers: [string, string][] = authorization === undefined ? [] : [['Authorization', authorization]]
  const outcome = await authenticateRequest(authenticator)(fakeRequest({ headers }))
  return 'failure' in outcome ? outcome.failure.status : outcome.authentication.user.username
}

const joe = `Basic ${Buffer.from('joe:pw').toString('base64')}`

describe('createAuthenticator', () => {
  it('accepts tokens and passwords of files, and no others', async () => {
    const authenticator = create({ tokenFile, passwordFile })
    expect(await usernameOf(authenticator, 'Bearer tok')).toBe('jane')
    expect(await usernameOf(authenticator, joe)).toBe('joe')
    expect(await usernameOf(authenticator, 'Bearer other')).toBe(401)
    expect(await usernameOf(authenticator)).toBe(401)
  })

  it('lets anonymous requests pass only where that is asked for, and never with a bad credential', async () => {
    const authenticator = create({ tokenFile, anonymous: true })
    expect(await usernameOf(authenticator)).toBe('system:anonymous')
    expect(await usernameOf(authenticator, 'Bearer other')).toBe(401)
  })

  it('asks in the order of kube-apiserver', async () => {
    const authenticator = create({
      tokenFile,
      passwordFile,
      tokens: [fakeTokenAuthenticator(noOpinion(), { name: 'mine' })],
      anonymous: true,
    })
    const { steps } = await explain(
      authenticator,
      fakeRequest({ headers: [['Authorization', 'Bearer unknown']] }),
    )
    const [adder] = steps
    const [union] = adder?.steps ?? []
    expect(union?.steps.map((step) => step.authenticator)).toEqual([
      'basic',
      'bearerToken',
      'webSocketProtocol',
    ])
    const [, bearer] = union?.steps ?? []
    expect(bearer?.steps[0]?.steps.map((step) => step.authenticator)).toEqual(['tokenFile', 'cached(mine)'])
  })

  it('counts a changed token file at once, both for who is new and for who is gone', async () => {
    const { observer, events } = recordEvents()
    const settle = { settleSeconds: 0.02 }
    const authenticator = create({ tokenFile: { path: tokenFile, ...settle }, observer })
    writeFileSync(tokenFile, 'new,jim,3\n')
    await vi.waitFor(async () => expect(await usernameOf(authenticator, 'Bearer new')).toBe('jim'))
    expect(await usernameOf(authenticator, 'Bearer tok')).toBe(401)
    expect(events.map(({ type }) => type)).toEqual(['reload'])
  })

  it('keeps the old users when the new file has a short row, and says where without saying what', async () => {
    const { observer, events } = recordEvents()
    const authenticator = create({ tokenFile: { path: tokenFile, settleSeconds: 0.02 }, observer })
    writeFileSync(tokenFile, 'good,jim,3\nverysecret,jam\n')
    await vi.waitFor(() => expect(events).toHaveLength(1))
    expect(
      JSON.stringify(events, (_, value: unknown) => (value instanceof Error ? value.message : value)),
    ).toContain(
      'tokens.csv: line 2: token file must have at least 3 columns (token, user name, user uid), found 2',
    )
    expect(JSON.stringify(events)).not.toContain('verysecret')
    expect(await usernameOf(authenticator, 'Bearer tok')).toBe('jane')
    expect(await usernameOf(authenticator, 'Bearer good')).toBe(401)
  })

  it('remembers what other token authenticators say for ten seconds', async () => {
    const clock = fixedClock()
    const mine = fakeTokenAuthenticator(always(fakeUser({ username: 'mine' })))
    const authenticator = create({ tokens: [mine], clock })
    await usernameOf(authenticator, 'Bearer x')
    await usernameOf(authenticator, 'Bearer x')
    expect(mine.calls).toHaveLength(1)
    clock.advance(10_000)
    await usernameOf(authenticator, 'Bearer x')
    expect(mine.calls).toHaveLength(2)
  })

  it('restricts requests to its audiences, and lets files count for them', async () => {
    const authenticator = create({ tokenFile, audiences: ['api'] })
    const outcome = await authenticateRequest(authenticator)(
      fakeRequest({ headers: [['Authorization', 'Bearer tok']] }),
    )
    expect(outcome).toMatchObject({ authentication: { audiences: ['api'] } })
    const other = await authenticateRequest(authenticator, { audiences: ['other'] })(
      fakeRequest({ headers: [['Authorization', 'Bearer tok']] }),
    )
    expect(other).toMatchObject({ failure: { status: 401 } })
  })

  it('names every problem at once, and none of the secrets', () => {
    writeFileSync(tokenFile, 'topsecret,jane\n')
    const make = (): unknown =>
      create({
        tokenFile,
        passwordFile: join(folder, 'missing.csv'),
        anonymous: { enabled: false, conditions: [{ path: '/healthz' }] },
      })
    expect(make).toThrow(ConfigurationError)
    try {
      make()
    } catch (error) {
      const { problems, message } = error as ConfigurationError
      expect(problems.map(({ path }) => path)).toEqual(['anonymous.conditions', 'tokenFile', 'passwordFile'])
      expect(message).not.toContain('topsecret')
    }
  })

  it.each([
    { what: 'nothing', options: {} },
    { what: 'anonymous off', options: { anonymous: false } },
    { what: 'no audience at all', options: { anonymous: true, audiences: [] } },
  ])('refuses $what at construction', ({ options }) => {
    expect(() => create(options)).toThrow(ConfigurationError)
  })

  it('never keeps a process alive', () => {
    const script = `
      import { createAuthenticator } from ${JSON.stringify(fileURLToPath(new URL('../../dist/index.js', import.meta.url)))}
      createAuthenticator({ tokenFile: ${JSON.stringify(tokenFile)} })
      console.log('ready')
    `
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      timeout: 120_000,
      encoding: 'utf8',
    })
    expect([run.stdout, run.stderr, run.status]).toEqual(['ready\n', '', 0])
  })
})
