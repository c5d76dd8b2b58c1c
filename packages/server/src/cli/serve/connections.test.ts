import { EventEmitter, once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { onTestFinished, expect, it } from 'vitest'
import { folderOf } from '../../../test/command.ts'
import { type Served, startServe } from '../../../test/served.ts'

const TOKEN = 'a-token'
const MAPS = '/api/v1/namespaces/default/configmaps'
const EVENT = '"type":"ADDED"'

it('a connection stays open for requests and answers of 64 KiB, one after the other', async () => {
  const { served, ca } = await started()
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca })
  onTestFinished(() => agent.destroy())
  const statuses: number[] = []
  for (let index = 0; index < 150; index++) statuses.push(await post(served, agent, `map-${index}`, 65_536))
  expect(statuses).toEqual(Array.from({ length: 150 }, () => 201))
})

it('each of 100 watches gets each change once, also while others never read', async () => {
  const { served, ca } = await started()
  const agent = new Agent({ keepAlive: true, ca })
  onTestFinished(() => agent.destroy())
  const { metadata } = (await (await served.admin(MAPS)).json()) as {
    readonly metadata: { readonly resourceVersion: string }
  }
  const path = `${MAPS}?watch=1&resourceVersion=${metadata.resourceVersion}`
  const texts = Array.from({ length: 100 }, () => '')
  const arrived = new EventEmitter()
  const collect = (index: number, response: IncomingMessage): void => {
    response.setEncoding('utf8').on('data', (text: string) => {
      texts[index] += text
      arrived.emit('text')
    })
  }
  for (const [index] of texts.entries()) {
    collect(index, await opened(served, ca, path))
  }
  for (let index = 0; index < 5; index++) (await opened(served, ca, path)).pause()
  for (let index = 0; index < 10; index++) expect(await post(served, agent, `map-${index}`, 100)).toBe(201)
  const isWhole = (text: string): boolean => text.split(EVENT).length > 10 && text.endsWith('\n')
  while (!texts.every(isWhole)) await once(arrived, 'text')
  const names = Array.from({ length: 10 }, (_, index) => `map-${index}`)
  for (const text of texts) expect(namesIn(text)).toEqual(names)
  expect((await served.admin('/readyz')).status).toBe(200)
}, 120_000)

async function started(): Promise<{ readonly served: Served; readonly ca: Buffer }> {
  const file = join(folderOf(), 'tokens.csv')
  writeFileSync(file, `${TOKEN},admin,1,"system:masters"\n`, { mode: 0o600 })
  const served = await startServe(['--in-memory', `--token-auth-file=${file}`])
  return { served, ca: readFileSync(join(served.dataDir, 'pki/ca.crt')) }
}

function namesIn(text: string): readonly unknown[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { readonly object: { readonly metadata: { name: string } } }).object)
    .map(({ metadata }) => metadata.name)
}

function post({ server }: Served, agent: Agent, name: string, length: number): Promise<number> {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { a: 'x'.repeat(length) } }
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' }
  return new Promise((resolve, reject) => {
    request(`${server}${MAPS}`, { method: 'POST', agent, headers }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0))
    })
      .on('error', reject)
      .end(JSON.stringify(object))
  })
}

/** A watch over a connection of its own. */
function opened({ server }: Served, ca: Buffer, path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${TOKEN}` }
    const asked = request(`${server}${path}`, { ca, agent: false, headers }, (response) => {
      onTestFinished(() => void response.destroy())
      response.on('error', () => {})
      resolve(response)
    })
    asked.on('error', reject).end()
  })
}
