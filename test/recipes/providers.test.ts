import { readdirSync, readFileSync } from 'node:fs'
import { emptyContext } from '@kube-authn/core'
import { celCompiler } from '@kube-authn/cel/kubernetes'
import { authenticationConfiguration, parseAuthenticationConfiguration } from '@kube-authn/core/configuration'
import { createIssuer } from '@kube-authn/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { auth0 } from './providers/auth0.ts'
import { cognito } from './providers/cognito.ts'
import { dex } from './providers/dex.ts'
import { eks } from './providers/eks.ts'
import { entra } from './providers/entra.ts'
import { githubActions } from './providers/github-actions.ts'
import { gitlab } from './providers/gitlab.ts'
import { google } from './providers/google.ts'
import { keycloak } from './providers/keycloak.ts'
import { okta } from './providers/okta.ts'
import type { Provider } from './providers/provider.ts'
import { salesforce } from './providers/salesforce.ts'
import { uaa } from './providers/uaa.ts'

const providers: readonly Provider[] = [
  entra,
  google,
  okta,
  auth0,
  keycloak,
  dex,
  gitlab,
  githubActions,
  cognito,
  eks,
  salesforce,
  uaa,
]
const folder = new URL('../../docs/providers/', import.meta.url)
const read = (file: string): string => readFileSync(new URL(file, folder), 'utf8')

it('every file of docs/providers is tested', () => {
  const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'))
  expect(providers.map(({ file }) => `${file}.yaml`).toSorted()).toEqual(files.toSorted())
})

describe.each(providers)(
  '$file',
  ({ file, issuer: url, claims, header = {}, user, alsoAccepted, refused }) => {
    let issuer: Awaited<ReturnType<typeof createIssuer>>
    let impostor: typeof issuer
    let tokens: ReturnType<typeof authenticationConfiguration>
    let strict: typeof tokens
    beforeAll(async () => {
      issuer = await createIssuer({ url })
      impostor = await createIssuer({ url, signingAlgorithms: ['ES256', 'RS256'] })
      const { fetch } = issuer
      tokens = authenticationConfiguration(read(`${file}.yaml`), { fetchFor: () => fetch })
      strict = authenticationConfiguration(read(`${file}.yaml`), {
        fetchFor: () => fetch,
        tokenTypes: ['', 'JWT', 'at+jwt'],
        boundTokens: 'verify',
      })
      await vi.waitFor(() => expect([...tokens.health(), ...strict.health()]).toEqual([]))
    })
    afterAll(() => {
      tokens.close()
      strict.close()
    })

    it('is read by kube-apiserver too', () => {
      const compiler = celCompiler({ asKubeApiserver: true })
      const parsed = parseAuthenticationConfiguration(read(`${file}.yaml`), file, { compiler })
      expect(parsed.errors).toEqual([])
    })

    const signed = (others: Provider['claims'] = {}): Promise<string> =>
      issuer.sign({ ...claims, ...others }, { header })
    const ask = async (token: Promise<string>, by = tokens): Promise<unknown> =>
      (await by.authenticateToken(await token, emptyContext))?.user

    it('knows the user', async () => {
      await expect(ask(signed())).resolves.toEqual(user)
      await expect(ask(signed(), strict)).resolves.toEqual(user)
    })

    it.each(alsoAccepted ?? [])('knows %s', async (_title, others, difference) => {
      const { extra, ...rest } = difference
      const expected = { ...user, ...rest, extra: extra ?? user.extra }
      await expect(ask(signed(others), strict)).resolves.toEqual(expected)
    })

    it.each(refused)('refuses %s', async (_title, others, reason) => {
      await expect(ask(signed(others))).rejects.toThrow(reason)
      await expect(ask(signed(others))).rejects.toMatchObject({ code: 'rejected' })
    })

    it('refuses a token that has expired', async () => {
      await expect(ask(issuer.sign(claims, { header, expirationSeconds: -1 }))).rejects.toThrow(
        'token is expired',
      )
    })

    it.each(['RS256', 'ES256'] as const)('refuses a token that another key signed, by %s', async (alg) => {
      await expect(ask(impostor.sign(claims, { header, alg }))).rejects.toThrow(
        'failed to verify id token signature',
      )
    })

    it('refuses a token without an audience', async () => {
      await expect(ask(signed({ aud: undefined }))).rejects.toThrow('expected audience')
    })

    it.each([
      ['with a slash', `${url}/`],
      ['in capitals', url.toUpperCase()],
      ['of another host', url.replace('https://', 'https://evil.')],
    ])('does not know an issuer %s', async (_title, iss) => {
      await expect(ask(signed({ iss }))).resolves.toBeUndefined()
    })

    it.each(['logout+jwt', 'dpop+jwt', 'secevent+jwt'])('refuses a %s, with tokenTypes', async (typ) => {
      const token = issuer.sign(claims, { header: { ...header, typ } })
      await expect(ask(token, strict)).rejects.toThrow(`a token of type "${typ}" is not accepted`)
    })

    it('gives no group of the system to a user, whatever the token says', async () => {
      const group = 'system:masters'
      const names = ['groups', 'roles', 'permissions', 'cognito:groups', 'https://api.example.com/roles']
      const hostile = Object.fromEntries(names.map((name) => [name, [group]]))
      const known = await tokens.authenticateToken(await signed(hostile), emptyContext)
      expect(known?.user.groups).not.toContain(group)
      expect(known?.user.username).toBe(user.username)
    })
  },
)
