import { createHash, X509Certificate } from 'node:crypto'
import { certificateIdOf, defined, isObject, signedPartOf } from '@kube-authn/core/internal'
import { readSerialNumber } from '@kube-authn/core/revocation'
import { parseCertificate } from '@kube-authn/x509'
import { Failure, orFail, reasonOf } from '../failure.ts'
import { parsedJson, readSecret, readText, STDIN } from '../terminal/input.ts'
import { note, type Terminal } from '../terminal/terminal.ts'

/** The options of `kube-authn revoke`. */
export interface RevokeOptions {
  readonly tokenStdin?: boolean
  readonly tokenFile?: string
  readonly credentialId?: string
  readonly certificate?: string
  readonly serial?: string
  readonly issuer?: string
  readonly user?: string
  readonly issuedBefore?: string
  readonly for?: string
  readonly forever?: boolean
  readonly reason?: string
}

/** What is revoked, as objects have it, and when the credential expires. */
export interface RevokedCredential {
  readonly specs: readonly Readonly<Record<string, string>>[]
  readonly expiresAtMs?: number
}

/** The credential that the options name. @throws {Failure} if they name none or several, or it cannot be read. */
export async function revokedCredential(
  terminal: Terminal,
  options: RevokeOptions,
  nowMs: number,
): Promise<RevokedCredential> {
  const {
    tokenStdin = false,
    tokenFile,
    credentialId,
    certificate,
    serial,
    issuer,
    user,
    issuedBefore,
  } = options
  const named = [tokenStdin || undefined, tokenFile, credentialId, certificate, serial, user].filter(
    (each) => each !== undefined,
  )
  if (named.length !== 1) {
    throw new Failure(
      'name one of --token-file, --token-stdin, --credential-id, --certificate, --serial and --user',
    )
  }
  if (issuedBefore !== undefined && user === undefined) throw new Failure('--issued-before: needs --user')
  if ((issuer === undefined) !== (serial === undefined)) {
    throw new Failure('--serial and --issuer: need each other, since serial numbers are those of one CA')
  }
  const token = tokenStdin ? STDIN : tokenFile
  if (token !== undefined) return ofToken(terminal, bearerTokenIn(await readSecret(terminal, token, 'token')))
  if (certificate !== undefined) return ofCertificate(certificate, await readText(terminal, certificate))
  if (serial !== undefined && issuer !== undefined) {
    return ofSerial(serial, issuer, await readText(terminal, issuer))
  }
  if (credentialId !== undefined) return { specs: [{ credentialID: credentialId }] }
  const before = issuedBefore === 'now' ? new Date(nowMs).toISOString() : issuedBefore
  return { specs: [defined({ user, issuedBefore: before })] }
}

/** ASCII spaces end a token in `Authorization`, and control characters cannot be in it. Others are in tokens of token files, although RFC 6750 has them not. */
const NOT_IN_A_TOKEN = /[\0-\u0020\u007F]/

/** @throws {Failure} if no request can have it as its token. */
function bearerTokenIn(text: string): string {
  if (!NOT_IN_A_TOKEN.test(text)) return text
  throw new Failure(
    'the token has a space or a control character, so no request can send it: give the token alone, without Authorization: and Bearer',
  )
}

/**
 * A token by its digest, so that the token itself stays here, and by its id, if it has one: not every server knows the ids of its tokens. The digest of a JWT is that of what was signed,
 * since its signature can be written in another way.
 */
function ofToken(terminal: Terminal, token: string): RevokedCredential {
  const { jti, exp } = claimsOf(token)
  const signed = signedPartOf(token)
  const byDigest = {
    tokenSHA256: createHash('sha256')
      .update(signed ?? token)
      .digest('hex'),
  }
  const hasId = typeof jti === 'string' && jti !== ''
  if (!hasId && signed === undefined && token.split('.').length >= 3) {
    note(
      terminal,
      'warning: the token looks like a JWT, but cannot be read as a signed one, and has no id: it is revoked as it is written, and may be accepted if it can be written in another way',
    )
  }
  return {
    specs: hasId ? [{ credentialID: `JTI=${jti}` }, byDigest] : [byDigest],
    ...(typeof exp === 'number' && Number.isFinite(exp) && { expiresAtMs: exp * 1000 }),
  }
}

/** The claims of a token, which are not verified; none if it is no JWT. */
export function claimsOf(token: string): Readonly<Record<string, unknown>> {
  const [, payload = '', signature] = token.split('.')
  if (signature === undefined) return {}
  const claims = parsedJson(Buffer.from(payload, 'base64url').toString())
  return isObject(claims) ? claims : {}
}

function ofCertificate(name: string, pem: string): RevokedCredential {
  const { raw, validTo } = certificateIn(name, pem)
  const digest = createHash('sha256').update(raw).digest('hex')
  return { specs: [{ credentialID: `X509SHA256=${digest}` }], expiresAtMs: Date.parse(validTo) }
}

/** By its number, without the certificate itself: so it is not known when it expires, but not later than its CA. */
function ofSerial(serial: string, issuer: string, pem: string): RevokedCredential {
  const number = readSerialNumber(serial)
  if (number === undefined)
    throw new Failure('--serial: must be hexadecimal, as openssl x509 -serial prints it')
  const { raw, ca } = certificateIn(issuer, pem)
  if (!ca) throw new Failure(`${issuer}: not the certificate of a CA`)
  const { subject } = orFail(
    () => parseCertificate(raw),
    (error) => `${issuer}: the certificate cannot be read (${reasonOf(error)})`,
  )
  return { specs: [{ credentialID: certificateIdOf(number, subject) }] }
}

function certificateIn(name: string, pem: string): X509Certificate {
  return orFail(
    () => new X509Certificate(pem),
    () => `${name}: not a certificate in PEM`,
  )
}
