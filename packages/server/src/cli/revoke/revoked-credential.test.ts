import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type RevokedCredential, revokedCredential } from './revoke.ts'

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** What is revoked of a token, and what the command says on stderr. */
async function ofToken(token: string): Promise<{ revoked: RevokedCredential; said: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'kube-authn-revoke-'))
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  onTestFinished(() => {
    write.mockRestore()
    rmSync(folder, { recursive: true })
  })
  const tokenFile = join(folder, 'token')
  writeFileSync(tokenFile, token)
  const revoked = await revokedCredential(process, { tokenFile }, 0)
  return { revoked, said: write.mock.calls.map(([text]) => String(text)).join('') }
}

const signed = `${encoded({ alg: 'ES256' })}.${encoded({ sub: 'jane' })}`

describe('a token', () => {
  it('is revoked by what was signed, and by its id', async () => {
    const { revoked, said } = await ofToken(`${signed}.c2ln`)
    expect(revoked.specs).toEqual([{ tokenSHA256: sha256(signed) }])
    expect(said).toBe('')
    const withId = `${encoded({ alg: 'ES256' })}.${encoded({ jti: 'a', exp: 7 })}`
    expect((await ofToken(`${withId}.c2ln`)).revoked).toEqual({
      specs: [{ credentialID: 'JTI=a' }, { tokenSHA256: sha256(withId) }],
      expiresAtMs: 7000,
    })
  })

  it('is revoked as it is if it is no JWT', async () => {
    const { revoked, said } = await ofToken('abc-token')
    expect(revoked.specs).toEqual([{ tokenSHA256: sha256('abc-token') }])
    expect(said).toBe('')
  })

  it.each(['a.b.c', `${encoded({ alg: 'dir' })}...c2ln.c2ln`, `=${signed}.c2ln`])(
    'is warned of if neither works: %s',
    async (token) => {
      const { revoked, said } = await ofToken(token)
      expect(revoked.specs).toEqual([{ tokenSHA256: sha256(token) }])
      expect(said).toContain('warning: the token looks like a JWT')
      expect(said).not.toContain(token)
    },
  )
})
