import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Endpoint, endpointFetch } from '@kube-authn/node'
import { createPki, fixedClock } from '@kube-authn/testing'

/** Changes between two calls, and the delay. */
export interface Change {
  readonly seconds: number
  readonly make: () => void
}

/** The `Authorization` that a client of this endpoint sends over TLS. */
export async function authorizationSent(endpoint: Endpoint, change: Change): Promise<string | undefined> {
  const pki = await createPki()
  const { chainPem: cert, privateKeyPem: key } = await pki.issueServer({ hosts: ['127.0.0.1'] })
  const seen: (string | undefined)[] = []
  const server = createHttpsServer({ cert, key })
  return serving(server, 'https', listenerOf(seen), async (url) => {
    const clock = fixedClock()
    const fetch = endpointFetch({ ...endpoint, server: url, ca: pki.caPem }, { clock })
    await fetch(url)
    change.make()
    clock.advance(change.seconds * 1000)
    await fetch(url)
    fetch.close()
    return seen.at(-1)
  })
}

/** After how many seconds a client times out on a server that does not respond. */
export async function timeoutSeconds(endpoint: Endpoint): Promise<number> {
  return serving(
    createServer(),
    'http',
    () => undefined,
    async (url) => {
      const clock = fixedClock()
      const startMs = clock.now()
      const fetch = endpointFetch({ ...endpoint, server: url }, { clock, allowInsecureHttp: true })
      const call = { isOver: false }
      const over = fetch(url).catch(() => (call.isOver = true))
      for (let second = 0; second < 3600 && !call.isOver; second++) await clock.advanceAsync(1000)
      await over
      fetch.close()
      return (clock.now() - startMs) / 1000
    },
  )
}

/** How many of a hundred concurrent calls pass; `null` if all do. */
export async function rateLimit(endpoint: Endpoint): Promise<number | null> {
  const seen: unknown[] = []
  return serving(createServer(), 'http', listenerOf(seen), async (url) => {
    const clock = fixedClock()
    const fetch = endpointFetch({ ...endpoint, server: url }, { clock, allowInsecureHttp: true })
    const calls = Array.from({ length: 100 }, () => fetch(url))
    await Promise.allSettled(calls)
    fetch.close()
    return seen.length === calls.length ? null : seen.length
  })
}

/** Writes the files of a vector to a folder. Returns their paths. */
export function writeFiles(folder: string, files: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(files).map(([name, content]) => {
    const path = join(folder, name)
    writeFileSync(path, content)
    return path
  })
}

/** Work in a folder that is removed afterwards. */
export function inFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'))
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  let result: T
  try {
    result = work(folder)
  } catch (error) {
    remove()
    throw error
  }
  if (result instanceof Promise) {
    result.finally(remove).catch(() => undefined)
    return result
  }
  remove()
  return result
}

/** Runs work with a server, which is closed afterwards. */
export async function serving<T>(
  server: Server,
  scheme: string,
  listener: RequestListener,
  work: (url: string) => Promise<T>,
): Promise<T> {
  server.on('request', listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  try {
    return await work(`${scheme}://127.0.0.1:${port}`)
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

function listenerOf(seen: unknown[]): RequestListener {
  return (request, response) => {
    seen.push(request.headers.authorization)
    response.end('{}')
  }
}
