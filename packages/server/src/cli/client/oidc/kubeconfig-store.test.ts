import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { parseClientKubeconfig } from '@kube-authn/node/internal'
import { describe, expect, it } from 'vitest'
import { folderOf } from '../../../../test/command.ts'
import { kubeconfigStore } from '../kubeconfig-client.ts'
import type { TokenStore } from './oidc-source.ts'

const config = `# Mine
apiVersion: v1
kind: Config
clusters:
- {name: c, cluster: {server: 'https://server.example.com'}} # the cluster
users:
- name: __proto__
  user:
    auth-provider:
      name: oidc
      config:
        # the client
        client-id: cid
        idp-issuer-url: https://issuer.example.com
        id-token: old # short-lived
        refresh-token: r1
- name: other
  user: {token: c2VjcmV0}
contexts:
- {name: x, context: {cluster: c, user: __proto__}}
- {name: z, context: {cluster: c, user: other}}
current-context: z
`

/** The store of the context `x`, and its file. */
function storeOf(text = config): {
  readonly store: TokenStore
  readonly path: string
  readonly folder: string
} {
  const folder = folderOf({ config: text })
  const path = join(folder, 'config')
  chmodSync(path, 0o600)
  return { store: at(path, text), path, folder }
}

function at(path: string, text = config): TokenStore {
  const { provider, user } = parseClientKubeconfig(text, { folder: '/', context: 'x' })
  if (provider === undefined) throw new Error('there is no provider')
  return kubeconfigStore({ terminal: process, path, context: 'x', user, provider })
}

const tokens = { idToken: 'new', refreshToken: 'r2' }
const messageOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no error',
    (error: unknown) => (error instanceof Error ? error.message : 'no error either'),
  )

describe('kubeconfigStore', () => {
  it('writes the tokens of a user, and nothing else, for the same readers', async () => {
    const { store, path, folder } = storeOf()
    for (const mode of [0o600, 0o640, 0o644]) {
      chmodSync(path, mode)
      await store.write(tokens)
      expect(statSync(path).mode & 0o777).toBe(mode)
    }
    const changed = config.replace('id-token: old', 'id-token: new').replace('r1', 'r2')
    expect(readFileSync(path, 'utf8').replaceAll(' ', '')).toBe(changed.replaceAll(' ', ''))
    await store.write({ idToken: 'newer' })
    expect(await store.exclusively((kept) => Promise.resolve(kept))).toMatchObject({
      idToken: 'newer',
      refreshToken: 'r2',
    })
    expect(readdirSync(folder)).toEqual(['config'])
  })

  it('adds what is missing', async () => {
    const text = config.replace(/ +id-token.*\n/, '').replace(/ +refresh-token.*\n/, '')
    const { store, path } = storeOf(text)
    await store.write(tokens)
    expect(
      parseClientKubeconfig(readFileSync(path, 'utf8'), { folder: '/', context: 'x' }).provider,
    ).toMatchObject(tokens)
  })

  it('keeps JSON, and what a token would mean in YAML', async () => {
    const value = {
      clusters: [{ name: 'c', cluster: { server: 'https://server.example.com' } }],
      users: [
        {
          name: 'u',
          user: {
            'auth-provider': {
              name: 'oidc',
              config: { 'client-id': 'c', 'idp-issuer-url': 'https://issuer.example.com', 'id-token': 'old' },
            },
          },
        },
      ],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    }
    const { store, path } = storeOf(JSON.stringify(value))
    await store.write({ idToken: '0x12', refreshToken: 'yes' })
    const users = (JSON.parse(readFileSync(path, 'utf8')) as typeof value).users
    expect(users[0]?.user['auth-provider'].config).toMatchObject({
      'id-token': '0x12',
      'refresh-token': 'yes',
    })
    const block = storeOf()
    await block.store.write({ idToken: '12', refreshToken: 'yes' })
    expect(await block.store.exclusively((kept) => Promise.resolve(kept))).toMatchObject({
      idToken: '12',
      refreshToken: 'yes',
    })
  })

  it('leaves a link as it is', async () => {
    const { path, folder } = storeOf()
    const link = join(folder, 'link')
    symlinkSync('config', link)
    await at(link).write(tokens)
    expect(lstatSync(link).isSymbolicLink()).toBe(true)
    expect(readFileSync(path, 'utf8')).toContain('id-token: new')
  })

  it('lets one process renew at a time', async () => {
    const { path, folder } = storeOf()
    const order: string[] = []
    const work = (name: string) => async (): Promise<void> => {
      order.push(`${name} begins`)
      await new Promise((done) => setTimeout(done, 5))
      order.push(`${name} ends`)
    }
    await Promise.all([at(path).exclusively(work('a')), at(path).exclusively(work('b'))])
    expect(order).toEqual([
      order[0],
      order[0]?.replace('begins', 'ends'),
      order[2],
      order[2]?.replace('begins', 'ends'),
    ])
    expect(readdirSync(folder)).toEqual(['config'])
  })

  it('loses no change of another program that writes meanwhile', async () => {
    const { store, path } = storeOf()
    writeFileSync(`${path}.lock`, '')
    const writing = store.write(tokens)
    writeFileSync(path, config.replace('c2VjcmV0', 'b3RoZXI='))
    await new Promise((done) => setTimeout(done, 20))
    expect(readFileSync(path, 'utf8')).not.toContain('id-token: new')
    rmSync(`${path}.lock`)
    await writing
    expect(readFileSync(path, 'utf8')).toContain('b3RoZXI=')
    expect(readFileSync(path, 'utf8')).toContain('id-token: new')
    expect(existsSync(`${path}.lock`)).toBe(false)
  })

  it.each([
    ['the user is gone', config.replace('- name: __proto__', '- name: x'), /there is no user/],
    [
      'it has another issuer',
      config.replace('https://issuer', 'https://evil'),
      /another program has changed the user/,
    ],
    ['it has another client', config.replace('cid', 'other'), /another program has changed the user/],
    [
      'it has a token now',
      config.replace('auth-provider:\n', 'token: c2VjcmV0\n    auth-provider:\n'),
      /has changed the user/,
    ],
    [
      'its provider is an alias',
      config
        .replace(
          'auth-provider:\n      name: oidc\n      config:\n',
          'auth-provider:\n      name: oidc\n      config: *p\n',
        )
        .replaceAll(/^ {8}(?!.*c2).*\n/gm, '')
        .replace(
          '# Mine\n',
          'preferences: &p {client-id: cid, idp-issuer-url: "https://issuer.example.com", id-token: old}\n',
        ),
      /is an alias in YAML/,
    ],
    ['it is no YAML', 'a: [', /config/],
  ])('writes nothing when %s', async (_, text, expected) => {
    const { path, store } = storeOf()
    writeFileSync(path, text)
    expect(await messageOf(store.write(tokens))).toMatch(expected)
    let begun = false
    expect(await messageOf(store.exclusively(() => Promise.resolve((begun = true))))).toMatch(expected)
    expect([begun, readFileSync(path, 'utf8')]).toEqual([false, text])
  })

  it('begins nothing with a file that cannot be written', async () => {
    const begun: string[] = []
    const work = (): Promise<number> => Promise.resolve(begun.push('begun'))
    expect(await messageOf(at('-').exclusively(work))).toBe('could not persist new tokens: standard input')
    expect(await messageOf(at('/proc/self/status').exclusively(work))).toMatch(
      /^could not persist new tokens: /,
    )
    expect(await messageOf(at('/nowhere/config').exclusively(work))).toBe(
      'could not persist new tokens: /nowhere/config: cannot be written (ENOENT)',
    )
    expect(begun).toEqual([])
  })
})
