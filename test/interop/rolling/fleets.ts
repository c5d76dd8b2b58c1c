import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createPki } from '@kube-authn/testing'
import { onTestFinished } from 'vitest'
import { COMMAND } from '../../../packages/server/test/command.ts'
import { freePort } from '../ports.ts'
import type { Scratch } from '../scratch.ts'

/** As in examples/replicas. */
export const DELAY_SECONDS = 3
export const REPLICAS = ['replica-1', 'replica-2', 'replica-3'] as const
export const TOKEN = 'janes-token'
export const TOKENS: string = `${TOKEN},jane,1,system:masters\n`

/** A process that can be ended and started again. */
export interface Replica {
  readonly name: string
  readonly port: number
  /** Where the balancer asks whether it is ready, if not over TLS at its port. */
  readonly healthPort?: number
  /** Starts it. Resolves when it listens. */
  start(): Promise<void>
  /** Sends SIGTERM. @returns its exit code, once it has ended. */
  end(): Promise<number | null>
}

/** Replicas that do the same. */
export interface Fleet {
  readonly caFile: string
  readonly replicas: readonly Replica[]
  readonly headers: Readonly<Record<string, string>>
  /** The paths of a short request, of one whose response is longer than the buffers of connections, and of one that does not end. */
  readonly paths: Readonly<Record<'short' | 'download' | 'watch', string>>
}

export function replicaOf(name: string, port: number, args: readonly string[]): Omit<Replica, 'healthPort'> {
  let end = (): Promise<number | null> => Promise.resolve(null)
  return {
    name,
    port,
    end: () => end(),
    async start() {
      const child = spawn(process.execPath, args, {
        env: { PATH: process.env['PATH'] ?? '' },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      onTestFinished(() => void child.kill('SIGKILL'))
      let log = ''
      child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
      const exited = once(child, 'exit') as Promise<[number | null]>
      end = async () => {
        child.kill('SIGTERM')
        return (await exited)[0]
      }
      const failed = exited.then(() => {
        throw new Error(`${name} ended: ${log}`)
      })
      failed.catch(() => undefined)
      await Promise.race([once(createInterface(child.stdout), 'line'), failed])
    },
  }
}

/** A certificate for this machine, in files. */
export async function certificate(
  scratch: Scratch,
): Promise<Readonly<Record<'caFile' | 'cert' | 'key', string>>> {
  const pki = await createPki()
  const { chainPem, privateKeyPem } = await pki.issueServer({ hosts: ['localhost', '127.0.0.1'] })
  return {
    caFile: scratch.write('ca.crt', pki.caPem),
    cert: scratch.write('tls.crt', chainPem),
    key: scratch.write('tls.key', privateKeyPem),
  }
}

/** Of an app with `lifecycle`. */
export async function appFleet(scratch: Scratch): Promise<Fleet> {
  const { caFile, cert, key } = await certificate(scratch)
  const program = fileURLToPath(new URL('app.mjs', import.meta.url))
  const replicas = await Promise.all(
    REPLICAS.map(async (name) => {
      const port = await freePort()
      return replicaOf(name, port, [program, String(port), cert, key, String(DELAY_SECONDS)])
    }),
  )
  for (const each of replicas) await each.start()
  return {
    caFile,
    replicas,
    headers: {},
    paths: { short: '/', download: '/download', watch: '/events' },
  }
}

/** An API server behind a proxy. */
async function upstream(cert: string, key: string, download: string): Promise<number> {
  const content = Buffer.alloc(16_000_000, 'x')
  const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (request, response) => {
    response.setHeader('audit-id', request.headers['audit-id'] ?? '')
    if (request.url === download) response.end(content)
    else if (request.url?.includes('watch=1') === true) response.write('{}\n')
    else response.end('ok')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Of `kube-authn proxy`. */
export async function proxyFleet(scratch: Scratch): Promise<Fleet> {
  const { caFile, cert, key } = await certificate(scratch)
  const tokens = scratch.write('tokens.csv', TOKENS)
  const own = scratch.write('own.token', 'own-token\n')
  const download = '/api/v1/namespaces/a/services/b/proxy/download'
  const behind = await upstream(cert, key, download)
  const replicas = await Promise.all(
    REPLICAS.map(async (name) => {
      const [port, healthPort] = [await freePort(), await freePort()]
      const args = [
        COMMAND,
        'proxy',
        `--upstream=https://127.0.0.1:${behind}`,
        `--upstream-ca-file=${caFile}`,
        `--upstream-token-file=${own}`,
        `--tls-cert-file=${cert}`,
        `--tls-private-key-file=${key}`,
        `--token-auth-file=${tokens}`,
        '--allow-masters',
        `--secure-port=${port}`,
        `--healthz-port=${healthPort}`,
        `--shutdown-delay-duration=${DELAY_SECONDS}s`,
        '--output=json',
      ]
      return { ...replicaOf(name, port, args), healthPort }
    }),
  )
  for (const each of replicas) await each.start()
  return {
    caFile,
    replicas,
    headers: { authorization: `Bearer ${TOKEN}` },
    paths: { short: '/api', download, watch: '/api/v1/pods?watch=1' },
  }
}
