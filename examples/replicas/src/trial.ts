import { setTimeout as delay } from 'node:timers/promises'
import { type Api, at } from './api.ts'

/** Something that accepts or refuses a token. */
export interface Target {
  readonly name: string
  /** The status of a request with the token; 0 if there is no answer. */
  ask(this: void, token: string): Promise<number>
}

/** A token was made, accepted everywhere, revoked, and refused everywhere. */
export interface Trial {
  /** Milliseconds after the revocation was acknowledged until the token was refused; `null` if it was not within ten seconds. */
  readonly refusedAfterMs: Readonly<Record<string, number | null>>
  /** Those that refused it before it was revoked, or did not answer. */
  readonly refusedBefore: readonly string[]
}

const NAMESPACE = '/api/v1/namespaces/default'
const ACCOUNT = 'visitor'
const LONGEST_MS = 10_000

/** A token of a service account, which is made first if there is none. */
export async function makeToken(api: Api): Promise<string> {
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: ACCOUNT } }
  const accounts = `${NAMESPACE}/serviceaccounts`
  // It exists from the second time on.
  await api.call('POST', accounts, account).catch(() => undefined)
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} }
  const answer = await api.call('POST', `${accounts}/${ACCOUNT}/token`, request)
  return String(at(answer, 'status', 'token'))
}

/** Revokes one token, by its digest. */
export async function revokeToken(api: Api, token: string, reason: string): Promise<void> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token))
  await api.call('POST', '/apis/authentication.kube-authn.dev/v1/credentialrevocations', {
    apiVersion: 'authentication.kube-authn.dev/v1',
    kind: 'CredentialRevocation',
    metadata: { generateName: 'trial-' },
    spec: {
      tokenSHA256: Buffer.from(digest).toString('hex'),
      // Tokens that are asked for without a lifetime end after an hour.
      expirationTime: `${new Date(Date.now() + 2 * 3_600_000).toISOString().slice(0, 19)}Z`,
      reason,
    },
  })
}

/** Tries what a revocation does. */
export async function tryRevocation(api: Api, targets: readonly Target[]): Promise<Trial> {
  const token = await makeToken(api)
  const before = await Promise.all(targets.map(async ({ name, ask }) => ({ name, status: await ask(token) })))
  await revokeToken(api, token, 'tried on the page')
  const revokedMs = performance.now()
  const times = await Promise.all(
    targets.map(async ({ name, ask }) => {
      while (performance.now() - revokedMs < LONGEST_MS) {
        if ((await ask(token)) === 401) return [name, Math.round(performance.now() - revokedMs)] as const
        await delay(5)
      }
      return [name, null] as const
    }),
  )
  return {
    refusedAfterMs: Object.fromEntries(times),
    refusedBefore: before.filter(({ status }) => status !== 200).map(({ name }) => name),
  }
}
