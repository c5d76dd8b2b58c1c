import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { COMMAND, folderOf } from '../../packages/server/test/command.ts'
import { type PathFetch, type Served, startServeProcess } from '../../packages/server/test/served.ts'
import { has } from './components.ts'
import { startEtcd } from './etcd.ts'
import { startPostgres } from './postgres.ts'
import { makeScratch } from './scratch.ts'

const CLOCK = pathToFileURL(join(COMMAND, '../../../test/clock-ahead.mjs'))
const SKEWS_MS = { right: 0, ahead: 300_000, behind: -300_000 }
const REVOCATIONS = '/apis/authentication.kube-authn.dev/v1/credentialrevocations'
const ACCOUNTS = '/api/v1/namespaces/default/serviceaccounts'
/** A revocation that a replica took whose clock was ahead ended as much earlier: these would end before they began, and before they end. */
const SHORT_MS = 15_000
const LIVES_MS = [SHORT_MS, 310_000]

describe.each(['postgres', 'etcd'] as const)(
  'replicas with clocks five minutes apart over one %s',
  (name) => {
    const scratch = makeScratch()
    let engine: { readonly port: number; close(): Promise<void> } | undefined
    afterAll(async () => {
      await engine?.close()
      scratch.remove()
    })

    it.runIf(has(name, 'setpriv'))(
      'refuse what is revoked until the revocation ends, whichever of them took it',
      async () => {
        engine = name === 'postgres' ? await startPostgres(scratch) : await startEtcd(scratch, 'etcd')
        const store =
          name === 'postgres'
            ? `postgres://postgres@127.0.0.1:${engine.port}/postgres`
            : `etcd+http://127.0.0.1:${engine.port}`
        const names = Object.keys(SKEWS_MS).flatMap((by) => LIVES_MS.map((life) => `${by}-${life}`))
        const files = folderOf({
          'tokens.csv': names.map((each) => `token-${each},${each},${each}\n`).join(''),
        })
        const replicas = await startReplicas([
          `--store=${store}`,
          `--token-auth-file=${join(files, 'tokens.csv')}`,
        ])
        const revoked: { readonly token: string; readonly endMs: number }[] = []
        for (const [by, replica] of Object.entries(replicas)) {
          for (const life of LIVES_MS) {
            const token = `token-${by}-${life}`
            await statusesBecome(replicas, token, 403)
            const endMs = Math.floor((Date.now() + life) / 1000) * 1000
            await revoke(replica, { user: `${by}-${life}`, expirationTime: new Date(endMs).toISOString() })
            await statusesBecome(replicas, token, 401)
            revoked.push({ token, endMs })
          }
          revoked.push({ token: await issuedAndRevoked(replicas, replica, by), endMs: Infinity })
        }
        const lastMs = Math.max(
          ...revoked.map(({ endMs }) => endMs).filter((end) => end < Date.now() + SHORT_MS),
        )
        while (Date.now() < lastMs) {
          for (const { token, endMs } of revoked) {
            const statuses = await statusesOf(replicas, token)
            if (Date.now() >= endMs) continue
            expect([token, statuses]).toEqual([token, [401, 401, 401]])
          }
          // A clock that counts wrongly does so for minutes.
          await delay(200)
        }
        for (const { token, endMs } of revoked)
          await statusesBecome(replicas, token, Date.now() < endMs ? 401 : 403)
      },
    )
  },
)

/** A token that one of them issues, all accept, and none does once what was issued before is revoked. */
async function issuedAndRevoked(
  replicas: Readonly<Record<string, Served>>,
  replica: Served,
  account: string,
): Promise<string> {
  const post = async (path: string, body: object): Promise<Response> => {
    const answer = await replica.admin(path, { method: 'POST', body })
    expect([path, answer.status]).toEqual([path, 201])
    return answer
  }
  await post(ACCOUNTS, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: account } })
  const spec = { expirationSeconds: 3600 }
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec }
  const issued = await post(`${ACCOUNTS}/${account}/token`, request)
  const { status } = (await issued.json()) as { readonly status: { readonly token: string } }
  await statusesBecome(replicas, status.token, 403)
  const issuedBefore = new Date(Date.now()).toISOString()
  await revoke(replica, { user: `system:serviceaccount:default:${account}`, issuedBefore })
  await statusesBecome(replicas, status.token, 401)
  return status.token
}

async function revoke({ admin }: Served, spec: object): Promise<void> {
  const body = {
    apiVersion: 'authentication.kube-authn.dev/v1',
    kind: 'CredentialRevocation',
    metadata: { generateName: 'clocks-' },
    spec,
  }
  expect((await admin(REVOCATIONS, { method: 'POST', body })).status).toBe(201)
}

/** A user without a role gets 403. */
async function statusesOf(replicas: Readonly<Record<string, Served>>, token: string): Promise<number[]> {
  const asked = Object.values(replicas).map((served): PathFetch => served.as(token))
  return Promise.all(asked.map(async (fetch) => (await fetch(REVOCATIONS)).status))
}

async function statusesBecome(
  replicas: Readonly<Record<string, Served>>,
  token: string,
  status: number,
): Promise<void> {
  await vi.waitFor(async () => expect(await statusesOf(replicas, token)).toEqual([status, status, status]))
}

/** With the same keys. */
async function startReplicas(args: readonly string[]): Promise<Readonly<Record<string, Served>>> {
  const replicas: Record<string, Served> = {}
  for (const [name, aheadMs] of Object.entries(SKEWS_MS)) {
    const { right } = replicas
    const dataDir = join(folderOf(), 'data')
    mkdirSync(dataDir, { mode: 0o700 })
    if (right !== undefined) cpSync(join(right.dataDir, 'pki'), join(dataDir, 'pki'), { recursive: true })
    const env = { NODE_OPTIONS: `--import=${CLOCK.href}`, CLOCK_AHEAD_MS: String(aheadMs) }
    replicas[name] = await startServeProcess([`--data-dir=${dataDir}`, ...args], env)
  }
  return replicas
}
