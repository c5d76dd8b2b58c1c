import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { serviceAccountObjects } from '@kube-authn/core/service-account'
import { recordEvents } from '@kube-authn/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { problemsOf } from '../../test/problems-of.ts'
import { checkAuthenticatorFlags } from './authenticator-from-flags.ts'

const folder = mkdtempSync(join(tmpdir(), 'check-flags-'))
afterAll(() => rmSync(folder, { recursive: true }))
const config = join(folder, 'authn.yaml')
writeFileSync(
  config,
  'apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\n' +
    'jwt: [{issuer: {url: "https://issuer.example", audiences: [a]}, claimMappings: {username: {claim: sub, prefix: ""}}}]\n',
)

describe('checkAuthenticatorFlags', () => {
  it.each([
    [[`--authentication-config=${config}`]],
    [['--oidc-issuer-url=https://issuer.example', '--oidc-client-id=a']],
  ])('asks no issuer, with %j', async (argv) => {
    const { events, observer } = recordEvents()
    await checkAuthenticatorFlags(argv, { observer, log: false })
    for (let turn = 0; turn < 5; turn++) await setImmediate()
    expect(events.filter(({ type }) => type !== 'reload')).toEqual([])
  })

  it.each([
    ['files', ['--service-account-key-file=/nope']],
    ['a signer', ['--service-account-signing-endpoint=/nope']],
  ])('reads no keys of service accounts of %s, but checks their flags', async (_, argv) => {
    const options = { serviceAccountObjects: serviceAccountObjects({}), log: false } as const
    const problems = (...more: readonly string[]): Promise<readonly string[]> =>
      problemsOf(() => checkAuthenticatorFlags([...argv, ...more], options))
    expect(await problems('--service-account-issuer=https://a')).toEqual([])
    expect(await problems()).toEqual(['--service-account-issuer: service-account-issuer is a required flag'])
  })
})
