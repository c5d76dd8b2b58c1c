import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { json } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, vi } from 'vitest'
import type { Fleet } from '../rolling/fleets.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
const ACCOUNTS = '/api/v1/namespaces/default/serviceaccounts'
const REVOCATIONS = '/apis/authentication.kube-authn.dev/v1/credentialrevocations'

/** Else two cores would be busy with its handshakes. */
const PAUSE_MS = 50

interface Answer {
  readonly status: number | undefined
  readonly body: unknown
}

/** Over a connection of its own, so that a balancer chooses a replica for each. */
async function call(
  { caFile, headers }: Fleet,
  port: number,
  path: string,
  { body, token }: { readonly body?: object; readonly token?: string } = {},
): Promise<Answer> {
  const sent = request({
    host: 'localhost',
    port,
    path,
    method: body === undefined ? 'GET' : 'POST',
    ca: readFileSync(caFile),
    headers: {
      ...headers,
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    agent: false,
  })
  sent.end(body === undefined ? undefined : JSON.stringify(body))
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return { status: response.statusCode, body: await json(response) }
}

/** @throws {Error} unless it was made. */
async function create(fleet: Fleet, port: number, path: string, body: object): Promise<unknown> {
  const answer = await call(fleet, port, path, { body })
  if (answer.status !== 201) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
  return answer.body
}

function configMap(name: string, value: string): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { value } }
}

/** Makes a list that is longer than the buffers of connections. */
export async function makeDownload(fleet: Fleet, port: number, path: string): Promise<void> {
  for (let index = 0; index < 16; index++) {
    await create(fleet, port, path, configMap(`part-${index}`, 'x'.repeat(1_000_000)))
  }
}

/** Writes through a port, and reads each object there, until it is stopped or something fails. */
export function startWriting(fleet: Fleet, port: number): { stop(): Promise<number> } {
  const stopped = new AbortController()
  onTestFinished(() => stopped.abort())
  let written = 0
  const write = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      const name = `written-${written}`
      await create(fleet, port, MAPS, configMap(name, name))
      expect(await call(fleet, port, `${MAPS}/${name}`)).toMatchObject({
        status: 200,
        body: { data: { value: name } },
      })
      written++
      await delay(PAUSE_MS)
    }
  }
  const writing = write()
  writing.catch(() => undefined)
  return {
    async stop() {
      stopped.abort()
      await writing
      return written
    },
  }
}

/** Each reads what every other one wrote; a token of the first is valid at all, until the second revokes it. */
export async function expectShared(fleet: Fleet, ports: readonly [number, number, number]): Promise<void> {
  for (const writer of ports) {
    const name = randomUUID()
    await create(fleet, writer, MAPS, configMap(name, name))
    for (const reader of ports) {
      expect(await call(fleet, reader, `${MAPS}/${name}`)).toMatchObject({ body: { data: { value: name } } })
    }
  }
  const [issuer, revoker] = ports
  const metadata = { name: `visitor-${randomUUID()}` }
  await create(fleet, issuer, ACCOUNTS, { apiVersion: 'v1', kind: 'ServiceAccount', metadata })
  const made = await create(fleet, issuer, `${ACCOUNTS}/${metadata.name}/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: {},
  })
  const { token } = (made as { readonly status: { readonly token: string } }).status
  const statuses = (): Promise<readonly (number | undefined)[]> =>
    Promise.all(ports.map(async (port) => (await call(fleet, port, '/api', { token })).status))
  expect(await statuses()).toEqual([200, 200, 200])
  await create(fleet, revoker, REVOCATIONS, {
    apiVersion: 'authentication.kube-authn.dev/v1',
    kind: 'CredentialRevocation',
    metadata: { generateName: 'upgrade-' },
    spec: {
      tokenSHA256: createHash('sha256').update(token).digest('hex'),
      expirationTime: `${new Date(Date.now() + 7_200_000).toISOString().slice(0, 19)}Z`,
    },
  })
  await vi.waitFor(async () => expect(await statuses()).toEqual([401, 401, 401]))
}
