import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createIssuer, createPki, fixedClock, recordEvents } from '@kube-authn/testing'
import { listen } from '@kube-authn/testing/node'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { authenticationConfigurationAt } from '../index.ts'

const configOf = (url: string, caPem: string): string =>
  JSON.stringify({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AuthenticationConfiguration',
    jwt: [
      {
        issuer: { url, audiences: ['app'], certificateAuthority: caPem },
        claimMappings: { username: { claim: 'sub', prefix: '' } },
      },
    ],
  })

/** The users of a file, and an issuer that stopped responding. */
async function start({ reload }: { readonly reload: boolean }) {
  const clock = fixedClock()
  const pki = await createPki()
  const [first, second] = [await createIssuer({ clock }), await createIssuer({ clock })]
  const listening = [await listen(first, { pki }), await listen(second, { pki })]
  second.stop()

  const folder = mkdtempSync(join(tmpdir(), 'authentication-configuration-'))
  const path = join(folder, 'authentication.yaml')
  writeFileSync(path, configOf(first.url, pki.caPem))
  const { observer, ofType } = recordEvents()
  const users = authenticationConfigurationAt(path, { clock, observer, reload })
  onTestFinished(async () => {
    users.close()
    rmSync(folder, { recursive: true })
    for (const each of listening) await each.close()
  })
  const nameOf = async (issuer: typeof first): Promise<string | undefined> =>
    (await users.authenticateToken(await issuer.sign({ sub: 'jane', aud: 'app' }), {}))?.user.username
  return {
    clock,
    first,
    second,
    users,
    nameOf,
    outcomes: () => ofType('reload').map(({ outcome }) => outcome),
    becomes: () => writeFileSync(path, configOf(second.url, pki.caPem)),
  }
}

describe('a version whose issuers are out of reach', () => {
  it('is tried again every minute, and counts once they are there', async () => {
    const { clock, first, second, nameOf, outcomes, becomes } = await start({ reload: true })
    expect(await nameOf(first)).toBe('jane')
    becomes()
    await vi.waitFor(() => {
      clock.advance(60_000)
      expect(outcomes()).toContain('failed')
    })
    expect([await nameOf(first), await nameOf(second)]).toEqual(['jane', undefined])

    second.start()
    clock.advance(60_000)
    await vi.waitFor(() => expect(outcomes()).toContain('loaded'))
    expect([await nameOf(first), await nameOf(second)]).toEqual([undefined, 'jane'])
  })

  it('is not tried again once it is closed', async () => {
    const { clock, second, users, outcomes, becomes } = await start({ reload: true })
    becomes()
    await vi.waitFor(() => {
      clock.advance(60_000)
      expect(outcomes()).toContain('failed')
    })
    const before = second.requests.length
    users.close()
    clock.advance(600_000)
    expect(clock.pending).toBe(0)
    expect(second.requests).toHaveLength(before)
  })

  it('is nothing where the file is not read again', async () => {
    const { clock, first, second, nameOf, outcomes, becomes } = await start({ reload: false })
    becomes()
    second.start()
    clock.advance(600_000)
    expect([await nameOf(first), await nameOf(second)]).toEqual(['jane', undefined])
    expect(outcomes()).toEqual(['initial'])
  })
})
