import { readFile } from 'node:fs/promises'
import { messageOf } from '@kube-authn/core/internal'
import { type AuthorityPem, signingAuthority } from '../../certificates/signing-authority.ts'
import { Failure } from '../failure.ts'
import type { OwnAuthority } from './material/own-authority.ts'
import type { SigningSettings } from './settings.ts'

/**
 * Returns what reads the CA that signs certificate requests, each time anew: it may be replaced while the server runs.
 *
 * @throws {Failure} if it cannot sign certificates.
 */
export async function clusterSigner(
  { authority }: SigningSettings,
  own: OwnAuthority,
): Promise<() => Promise<AuthorityPem>> {
  const { certFile, keyFile } = authority ?? own
  const read = async (): Promise<AuthorityPem> => {
    const [certificate, privateKey] = await Promise.all([
      readFile(certFile, 'utf8'),
      readFile(keyFile, 'utf8'),
    ])
    return { certificate, privateKey }
  }
  if (authority === undefined) return read
  try {
    await signingAuthority(await read())
  } catch (error) {
    throw new Failure(`--cluster-signing-cert-file: ${messageOf(error, 'cannot be used')}`, { cause: error })
  }
  return read
}
