import { expect, it, vi } from 'vitest'
import { issueCa, issueClient } from '../../test/certificates.ts'
import { certificatePoolOf, parseCertificate, verifyCertificateChain } from '../index.ts'

// As if the file were missing from an installation.
vi.mock('./verification.ts', () => {
  throw new Error('no such file')
})

it('a chain whose verification cannot be loaded is refused, also of a leaf that is trusted itself', async () => {
  const root = await issueCa({ subject: 'root' })
  const { der } = await issueClient({ issuer: root })
  const leaf = parseCertificate(der)
  const question = { leaf, intermediates: certificatePoolOf([]), nowMs: Date.now() }
  for (const trusted of [leaf, parseCertificate(root.der)]) {
    const roots = certificatePoolOf([trusted])
    await expect(verifyCertificateChain({ ...question, roots })).rejects.toMatchObject({
      cause: { message: 'no such file' },
    })
  }
})
