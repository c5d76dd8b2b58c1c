import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fixedClock, type FixedClock } from '@kube-authn/testing'
import { afterAll, describe, expect, it } from 'vitest'
import {
  type Closeable,
  createAuthenticator,
  createAuthorizer,
  createFetch,
  delegatedAuthentication,
  endpointFetch,
  passwordFileAt,
  rbacAt,
  tokenFileAt,
} from '../index.ts'
import { authenticatorFromFlags, authorizerFromFlags } from '../flags.ts'
import { closeable } from './closeable.ts'

const folder = mkdtempSync(join(tmpdir(), 'closeable-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}
const tokens = file('tokens.csv', 'tok,jane,1\n')
const role = file(
  'role.json',
  JSON.stringify({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'a' },
    rules: [],
  }),
)

type Make = (clock: FixedClock) => Closeable | Promise<Closeable>

const watching: readonly (readonly [string, Make])[] = [
  ['tokenFileAt', (clock) => tokenFileAt(tokens, { clock })],
  ['passwordFileAt', (clock) => passwordFileAt(tokens, { clock })],
  ['rbacAt', (clock) => rbacAt(role, { clock })],
  ['createAuthenticator', (clock) => createAuthenticator({ tokenFile: tokens, clock })],
  ['createAuthorizer', (clock) => createAuthorizer({ rbac: role, clock })],
  ['authenticatorFromFlags', (clock) => authenticatorFromFlags([`--token-auth-file=${tokens}`], { clock })],
  [
    'authorizerFromFlags',
    (clock) => authorizerFromFlags(['--authorization-mode=RBAC'], { clock, rbac: role }),
  ],
]

describe.each([
  [
    'close',
    (made: Closeable): Promise<void> => {
      made.close()
      return Promise.resolve()
    },
  ],
  ['Symbol.asyncDispose', (made: Closeable): unknown => made[Symbol.asyncDispose]()],
])('%s', (_, close) => {
  it.each(watching)('ends the watching of %s', async (_name, make) => {
    const clock = fixedClock()
    const made = await make(clock)
    expect(clock.pending).toBeGreaterThan(0)
    await close(made)
    expect(clock.pending).toBe(0)
  })

  it.each([
    ['createFetch', () => createFetch()],
    ['endpointFetch', () => endpointFetch({ server: 'https://127.0.0.1:1' })],
  ])('makes %s refuse further calls', async (_name, make) => {
    const made = make()
    await close(made)
    await expect(made('https://127.0.0.1:1/')).rejects.toThrow('closed')
  })

  it('closes what delegates to no cluster', async () => {
    const made = await delegatedAuthentication({ optional: true, skipLookup: true, anonymous: true })
    expect(await close(made)).toBeUndefined()
  })
})

it('rejects with the error of close', async () => {
  const made = closeable({}, () => {
    throw new Error('no')
  })
  await expect(made[Symbol.asyncDispose]()).rejects.toThrow('no')
})
