import { memberOf, systemClock } from '@kube-authn/core/internal'
import { type KubeconfigClient, kubeconfigClient } from '../client/kubeconfig-client.ts'
import { EXIT, Failure } from '../failure.ts'
import { kubeconfigPath } from '../kubeconfig/path.ts'
import { durationSeconds } from '../terminal/duration.ts'
import { note, write } from '../terminal/output.ts'
import { withoutControls } from '@kube-authn/internal/printable'
import { reasonOf } from '../terminal/reason-of.ts'
import type { RevokeOptions } from './command.ts'
import { type RevokedCredential, revokedCredential } from './revoked-credential.ts'

const API_VERSION = 'authentication.kube-authn.dev/v1'
const PATH = `/apis/${API_VERSION}/credentialrevocations`
/** Servers accept tokens a little longer than they are valid. */
const AFTER_EXPIRY_MS = 300_000

/**
 * Revokes a credential on the server of a kubeconfig, and prints the names of the revocations.
 *
 * @returns the exit code.
 */
export async function revoke(options: RevokeOptions): Promise<number> {
  const nowMs = systemClock.now()
  const credential = await revokedCredential(options, nowMs)
  const endMs = endOf(options, credential, nowMs)
  const client = await kubeconfigClient(kubeconfigPath(options.kubeconfig, process.env), options.context)
  const more = {
    ...(endMs !== undefined && { expirationTime: new Date(endMs).toISOString() }),
    ...(options.reason !== undefined && { reason: options.reason }),
  }
  try {
    const [first, ...others] = credential.specs
    let exitCode = await revokeOne(client, { ...first, ...more })
    for (const spec of others)
      if (exitCode === EXIT.ok) exitCode = await revokeOne(client, { ...spec, ...more })
    return exitCode
  } finally {
    client.close()
  }
}

async function revokeOne(client: KubeconfigClient, spec: object): Promise<number> {
  const response = await create(client, {
    apiVersion: API_VERSION,
    kind: 'CredentialRevocation',
    metadata: { generateName: 'revoked-' },
    spec,
  })
  const answer: unknown = await response.json().catch(() => undefined)
  const name = memberOf(memberOf(answer, 'metadata'), 'name')
  if (response.status !== 201 || typeof name !== 'string') {
    return refused(response.status, memberOf(answer, 'message'))
  }
  await write(`${withoutControls(name)}\n`)
  return EXIT.ok
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

async function create({ server, fetch }: KubeconfigClient, object: object): Promise<Response> {
  try {
    return await fetch(server + PATH, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(object),
    })
  } catch (error) {
    if (error instanceof Failure) throw error
    throw new Failure(`${new URL(server).origin}: cannot be reached (${reasonOf(error)})`, { cause: error })
  }
}

function refused(status: number, message: unknown): number {
  if (status === 401) {
    note('error: the server does not accept the credentials (401)')
    return EXIT.no
  }
  const text = typeof message === 'string' ? withoutControls(message) : `the server answers with ${status}`
  if (status === 403) {
    note(`error: ${text}`)
    return EXIT.no
  }
  throw new Failure(status === 404 ? 'the server has no revocations (404)' : text)
}
