import { createHash, X509Certificate } from 'node:crypto'
import { isObject } from '@kube-authn/core/internal'
import { Failure } from '../failure.ts'
import { readSecret, readText, STDIN } from '../terminal/input.ts'
import type { RevokeOptions } from './command.ts'

/** What is revoked, as objects have it, and when the credential expires. */
export interface RevokedCredential {
  readonly specs: readonly Readonly<Record<string, string>>[]
  readonly expiresAtMs?: number
}

const MAX_BYTES = 1_048_576

/** The credential that the options name. @throws {Failure} if they name none or several, or it cannot be read. */
export async function revokedCredential(options: RevokeOptions, nowMs: number): Promise<RevokedCredential> {
  const { tokenStdin = false, credentialId, certificate, user, issuedBefore } = options
  const named = [tokenStdin || undefined, credentialId, certificate, user].filter(
    (each) => each !== undefined,
  )
  if (named.length !== 1) {
    throw new Failure('name one of --token-stdin, --credential-id, --certificate and --user')
  }
  if (issuedBefore !== undefined && user === undefined) throw new Failure('--issued-before: needs --user')
  if (tokenStdin) return ofToken(await readSecret(STDIN, 'token'))
  if (certificate !== undefined) return ofCertificate(certificate, await readText(certificate, MAX_BYTES))
  if (credentialId !== undefined) return { specs: [{ credentialID: credentialId }] }
  return {
    specs: [
      {
        ...(user !== undefined && { user }),
        ...(issuedBefore !== undefined && {
          issuedBefore: issuedBefore === 'now' ? new Date(nowMs).toISOString() : issuedBefore,
        }),
      },
    ],
  }
}

/**
 * A token by its digest, so that the token itself stays here, and by its id, if it has one: a token with an ECDSA signature can be written in another way,
 * with another digest; and not every server knows the ids of its tokens.
 */
function ofToken(token: string): RevokedCredential {
  const { jti, exp } = claimsOf(token)
  const byDigest = { tokenSHA256: createHash('sha256').update(token).digest('hex') }
  return {
    specs: typeof jti === 'string' && jti !== '' ? [{ credentialID: `JTI=${jti}` }, byDigest] : [byDigest],
    ...(typeof exp === 'number' && Number.isFinite(exp) && { expiresAtMs: exp * 1000 }),
  }
}

/** The claims of a token; none if it is no JWT. */
function claimsOf(token: string): Readonly<Record<string, unknown>> {
  const [, payload = '', signature] = token.split('.')
  if (signature === undefined) return {}
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString())
    return isObject(claims) ? claims : {}
  } catch {
    return {}
  }
}

function ofCertificate(name: string, pem: string): RevokedCredential {
  try {
    const certificate = new X509Certificate(pem)
    const digest = createHash('sha256').update(certificate.raw).digest('hex')
    return {
      specs: [{ credentialID: `X509SHA256=${digest}` }],
      expiresAtMs: Date.parse(certificate.validTo),
    }
  } catch (error) {
    throw new Failure(`${name}: not a certificate in PEM`, { cause: error })
  }
}
