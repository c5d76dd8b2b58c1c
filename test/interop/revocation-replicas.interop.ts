import { randomBytes } from 'node:crypto'
import { cpSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createFetch } from '@kube-authn/node'
import { createPki } from '@kube-authn/testing'
import { afterAll, describe, expect, it, onTestFailed, onTestFinished, vi } from 'vitest'
import { folderOf } from '../../packages/server/test/command.ts'
import { type PathFetch, type Served, startServeProcess } from '../../packages/server/test/served.ts'
import { has } from './components.ts'
import { startEtcd } from './etcd.ts'
import { startPostgres } from './postgres.ts'
import { makeScratch } from './scratch.ts'

const TIMES = 6
const REVOCATIONS = '/apis/authentication.kube-authn.dev/v1/credentialrevocations'
const SELF = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
const ACCOUNTS = '/api/v1/namespaces/default/serviceaccounts'

/** A credential, and the request of an administrator that takes it back. */
interface Taken {
  at(served: Served): PathFetch
  takeBack(admin: PathFetch): Promise<Response>
}

/** `201` while the credential is accepted. */
async function statusOf(fetch: PathFetch): Promise<number> {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }
  const response = await fetch(SELF, { method: 'POST', body })
  await response.arrayBuffer()
  return response.status
}

const revoking =
  (spec: object): Taken['takeBack'] =>
  (admin) =>
    admin(REVOCATIONS, {
      method: 'POST',
      body: {
        apiVersion: 'authentication.kube-authn.dev/v1',
        kind: 'CredentialRevocation',
        metadata: { generateName: 'taken-' },
        spec: { ...spec, expirationTime: '2100-01-01T00:00:00Z' },
      },
    })

describe.each(['postgres', 'etcd'] as const)('three processes of kube-authn serve over one %s', (name) => {
  const scratch = makeScratch()
  let engine: { readonly port: number; close(): Promise<void> } | undefined
  afterAll(async () => {
    await engine?.close()
    scratch.remove()
  })

  it.runIf(has(name, 'setpriv'))('refuse what was taken back on another', async () => {
    engine = name === 'postgres' ? await startPostgres(scratch) : await startEtcd(scratch, 'etcd')
    const store =
      name === 'postgres'
        ? `postgres://postgres@127.0.0.1:${engine.port}/postgres`
        : `etcd+http://127.0.0.1:${engine.port}`
    const pki = await createPki()
    const tokens = Array.from({ length: TIMES }, () => randomBytes(16).toString('hex'))
    const files = folderOf({
      'tokens.csv': tokens.map((token, index) => `${token},user${index},${index}\n`).join(''),
      'ca.crt': pki.caPem,
    })
    const replicas = await startReplicas([
      `--store=${store}`,
      `--token-auth-file=${join(files, 'tokens.csv')}`,
      `--client-ca-file=${join(files, 'ca.crt')}`,
    ])
    const kinds: readonly (readonly [string, (index: number) => Promise<Taken>])[] = [
      ['a token', (index) => Promise.resolve(ofToken(tokens[index] ?? ''))],
      ['a certificate', () => ofCertificate(pki)],
      ['a service account', (index) => ofServiceAccount(replicas, `account-${index}`)],
    ]
    for (const [kind, taken] of kinds) {
      for (let index = 0; index < TIMES; index++) {
        onTestFailed(() => console.log(`${kind} number ${index}`))
        const asked = await takenBackOnOne(replicas, index, await taken(index))
        await vi.waitFor(async () => expect(await Promise.all(asked.map(statusOf))).toEqual([401, 401, 401]))
      }
    }
  })
})

/** Three with the same keys, each with a data folder and a port of its own. */
async function startReplicas(args: readonly string[]): Promise<readonly [Served, Served, Served]> {
  const first = await startServeProcess(args)
  const further = async (): Promise<Served> => {
    const dataDir = join(folderOf(), 'data')
    mkdirSync(dataDir, { mode: 0o700 })
    cpSync(join(first.dataDir, 'pki'), join(dataDir, 'pki'), { recursive: true })
    return startServeProcess([`--data-dir=${dataDir}`, ...args])
  }
  return [first, await further(), await further()]
}

/** Takes it back on one replica, which refuses it at once. Returns the requests of all replicas. */
async function takenBackOnOne(
  replicas: readonly Served[],
  index: number,
  { at, takeBack }: Taken,
): Promise<readonly PathFetch[]> {
  const asked = replicas.map((replica) => at(replica))
  // From now on every replica remembers that it is good.
  for (const fetch of asked) await vi.waitFor(async () => expect(await statusOf(fetch)).toBe(201))
  const on = index % replicas.length
  expect((await takeBack(replicas[on]!.admin)).ok).toBe(true)
  expect(await statusOf(asked[on]!)).toBe(401)
  return asked
}

function ofToken(token: string): Taken {
  const bytes = new TextEncoder().encode(token)
  return {
    at: (served) => served.as(token),
    async takeBack(admin) {
      const digest = Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex')
      return revoking({ tokenSHA256: digest })(admin)
    },
  }
}

async function ofCertificate(pki: Awaited<ReturnType<typeof createPki>>): Promise<Taken> {
  const issued = await pki.issueClient({ commonName: 'jane' })
  const digest = Buffer.from(await crypto.subtle.digest('SHA-256', issued.certificateDer)).toString('hex')
  return {
    at({ dataDir, server }) {
      const fetch = createFetch({
        ca: readFileSync(join(dataDir, 'pki/ca.crt'), 'utf8'),
        cert: issued.chainPem,
        key: issued.privateKeyPem,
      })
      onTestFinished(() => fetch.close())
      return (path, { method = 'GET', body } = {}) =>
        fetch(`${server}${path}`, {
          method,
          headers: { 'content-type': 'application/json' },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        })
    },
    takeBack: revoking({ credentialID: `X509SHA256=${digest}` }),
  }
}

async function ofServiceAccount(replicas: readonly Served[], name: string): Promise<Taken> {
  const [{ admin }] = replicas as readonly [Served]
  const created = await admin(ACCOUNTS, {
    method: 'POST',
    body: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } },
  })
  expect(created.status).toBe(201)
  const answer = await admin(`${ACCOUNTS}/${name}/token`, {
    method: 'POST',
    body: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: 3600 },
    },
  })
  const { status } = (await answer.json()) as { readonly status: { readonly token: string } }
  return {
    at: (served) => served.as(status.token),
    takeBack: (of) => of(`${ACCOUNTS}/${name}`, { method: 'DELETE' }),
  }
}
