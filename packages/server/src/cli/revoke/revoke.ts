import { createHash, X509Certificate } from 'node:crypto'
import { certificateIdOf, defined, memberOf, signedPartOf, systemClock } from '@kube-authn/core/internal'
import { readSerialNumber } from '@kube-authn/core/revocation'
import { withoutControls } from '@kube-authn/internal/printable'
import { parseCertificate } from '@kube-authn/x509'
import type { Command } from 'commander'
import { addClientOptions, type ClientOptions, kubeconfigClient } from '../client/kubeconfig-client.ts'
import { EXIT, Failure, orFail, reasonOf } from '../failure.ts'
import { claimsOf, readSecret, readText, STDIN } from '../terminal/input.ts'
import { durationSeconds } from '../terminal/options.ts'
import { note, type Terminal, write } from '../terminal/terminal.ts'

const AFTER = `
What is revoked is refused at once, by every replica with the same store, and open connections end. It is one of:
a token (--token-file or --token-stdin), of which only the id and a digest leave this machine; the id of a credential,
as servers audit it (JTI=..., SESSION=..., or X509SHA256=... of a certificate); a certificate in a file; the serial
number of a certificate, as openssl x509 -serial prints it, with the certificate of its CA; or a user, with all of the
user's credentials, or only those that were issued before a time.

A revocation need not last longer than what it revokes. For a token or certificate with an expiry it ends some minutes
after that; otherwise --for says when, or --forever.

Examples:
  kube-authn revoke --token-stdin < leaked.token
  kube-authn revoke --credential-id JTI=2f6c1d0e --for 24h --reason "laptop lost"
  kube-authn revoke --certificate jane.crt
  kube-authn revoke --serial 7F:3A:01 --issuer ca.crt --for 365d
  kube-authn revoke --user jane --issued-before now --for 30d
  kube-authn revoke --user jane --forever
  kubectl get credentialrevocations
  kubectl delete credentialrevocation revoked-x7k2p

Exit codes:
  0  revoked; the names of the revocations are printed
  1  the server does not allow it
  2  the kubeconfig, the server or an option cannot be used`

export function declareCommand(command: Command, terminal: Terminal): void {
  command
    .description('Creates a CredentialRevocation on the server of a kubeconfig.')
    .option('--token-stdin', 'the token on standard input')
    .option('--token-file <file>', 'the token in a file')
    .option('--credential-id <id>', 'the id of a credential')
    .option('--certificate <file>', 'a client certificate in PEM; - for standard input')
    .option('--serial <number>', 'the serial number of a client certificate, in hexadecimal')
    .option('--issuer <file>', 'with --serial: the certificate of its CA in PEM')
    .option('--user <name>', 'the name of a user')
    .option('--issued-before <time>', 'with --user: a time as in 2026-01-31T12:00:00Z, or now')
    .option('--for <duration>', 'how long it stays revoked, as in 90m, 24h or 30d')
    .option('--forever', 'it stays revoked until the revocation is deleted')
    .option('--reason <text>', 'why, for those who read the revocation')
    .addHelpText('after', AFTER)
    .action(async (options: RevokeOptions & ClientOptions) => {
      terminal.exitCode = await revoke(options, terminal)
    })
  addClientOptions(command)
}

const API_VERSION = 'authentication.kube-authn.dev/v1'
const PATH = `/apis/${API_VERSION}/credentialrevocations`
/** Servers accept tokens a little longer than they are valid. */
const AFTER_EXPIRY_MS = 300_000

/** Revokes a credential, and prints the names of the revocations. @returns the exit code. */
async function revoke(options: RevokeOptions & ClientOptions, terminal: Terminal): Promise<number> {
  const nowMs = systemClock.now()
  const credential = await revokedCredential(terminal, options, nowMs)
  const endMs = endOf(options, credential, nowMs)
  const client = await kubeconfigClient(terminal, options)
  const expirationTime = endMs === undefined ? undefined : new Date(endMs).toISOString()
  try {
    for (const credentialSpec of credential.specs) {
      const { status, body } = await client.create(PATH, {
        apiVersion: API_VERSION,
        kind: 'CredentialRevocation',
        metadata: { generateName: 'revoked-' },
        spec: { ...credentialSpec, ...defined({ expirationTime, reason: options.reason }) },
      })
      const name = memberOf(memberOf(body, 'metadata'), 'name')
      if (status !== 201 || typeof name !== 'string') {
        return refused(terminal, status, memberOf(body, 'message'))
      }
      await write(terminal, `${withoutControls(name)}\n`)
    }
    return EXIT.ok
  } finally {
    client.close()
  }
}

/** When the revocation ends; `undefined`: never. */
function endOf(
  { for: duration, forever = false }: RevokeOptions,
  { expiresAtMs }: RevokedCredential,
  nowMs: number,
): number | undefined {
  if (duration !== undefined && forever) throw new Failure('--forever: cannot be set together with --for')
  if (forever) return undefined
  if (duration !== undefined)
    return Math.ceil((nowMs + durationSeconds(duration, '--for') * 1000) / 1000) * 1000
  if (expiresAtMs === undefined)
    throw new Failure('--for: is required, or --forever: it is not known when the credential expires')
  const endMs = expiresAtMs + AFTER_EXPIRY_MS
  if (!(endMs > nowMs)) throw new Failure('the credential has expired: there is nothing to revoke')
  return Math.min(endMs, LAST_TIME_MS)
}

/** The end of the year 9999, which is the last one in RFC 3339. */
const LAST_TIME_MS = 253_402_300_799_000

function refused(terminal: Terminal, status: number, message: unknown): number {
  const text = typeof message === 'string' ? withoutControls(message) : `the server answers with ${status}`
  if (status === 401) note(terminal, 'error: the server does not accept the credentials (401)')
  else if (status === 403) note(terminal, `error: ${text}`)
  else throw new Failure(status === 404 ? 'the server has no revocations (404)' : text)
  return EXIT.no
}

interface RevokeOptions {
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
