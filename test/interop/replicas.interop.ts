import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createFetch, endpointFetch, readKubeconfig } from '@kube-authn/node'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { has } from './components.ts'
import { freePort } from './ports.ts'
import { makeScratch } from './scratch.ts'

const example = (name: string): string =>
  fileURLToPath(new URL(`../../examples/replicas/dist/${name}.js`, import.meta.url))

describe.runIf(has('postgres', 'haproxy', 'setpriv'))('examples/replicas', () => {
  const scratch = makeScratch()
  let main: ChildProcess
  let environment: NodeJS.ProcessEnv
  let said = ''

  beforeAll(async () => {
    // PostgreSQL runs as another user.
    chmodSync(scratch.folder, 0o755)
    const ports = await Promise.all([freePort(), freePort(), freePort()])
    const [port, appPort, databasePort] = ports.map(String)
    const replicas = (await Promise.all([freePort(), freePort(), freePort()])).join(',')
    environment = {
      ...process.env,
      PORT: port,
      APP_PORT: appPort,
      DATABASE_PORT: databasePort,
      REPLICA_PORTS: replicas,
      MATERIAL: scratch.path('material'),
    }
    main = spawn(process.execPath, [example('main')], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
    main.stdout?.on('data', (data) => (said += String(data)))
    main.stderr?.on('data', (data) => (said += String(data)))
    await vi.waitFor(() => expect(said).toContain('Ctrl+C'))
  })
  afterAll(async () => {
    const ended = new Promise((resolve) => main.once('exit', resolve))
    main.kill('SIGTERM')
    await ended
    scratch.remove()
  })

  it('shows revisions and who runs the controllers, and that a revoked token is refused', async () => {
    const caFile = scratch.path('material/replica-1/pki/ca.crt')
    const fetch = createFetch({ caFile }, { timeoutSeconds: 30 })
    const url = `https://localhost:${environment['APP_PORT']}`
    const status: unknown = await (await fetch(`${url}/status.json`)).json()
    expect(status).toMatchObject({
      replicas: ['replica-1', 'replica-2', 'replica-3'].map((name) => ({
        name,
        isReady: true,
        revision: expect.stringMatching(/^\d+$/),
      })),
      lease: { holder: expect.stringMatching(/./) },
    })
    expect(JSON.stringify(status).match(/"leads":true/g)).toHaveLength(1)
    const headers = { 'content-type': 'application/json' }
    const tried = await fetch(`${url}/trial`, { method: 'POST', headers, body: '{}' })
    const { refusedAfterMs, refusedBefore } = (await tried.json()) as {
      readonly refusedAfterMs: Readonly<Record<string, number | null>>
      readonly refusedBefore: readonly string[]
    }
    fetch.close()
    expect(refusedBefore).toEqual([])
    expect(Object.keys(refusedAfterMs)).toHaveLength(4)
    expect(Object.values(refusedAfterMs)).not.toContain(null)
  })

  it('refuses nothing while each replica is asked to end, and its watches end whole', async () => {
    const server = `https://localhost:${environment['PORT']}`
    const endpoint = { ...readKubeconfig(scratch.path('material/replica-1/admin.conf')), server }
    const fetch = endpointFetch(endpoint, { timeoutSeconds: 120 })
    const fetchApp = createFetch({ caFile: scratch.path('material/replica-1/pki/ca.crt') })
    const stopping = new AbortController()
    const failures: string[] = []
    let answers = 0
    let watches = 0

    const ask = async (): Promise<void> => {
      while (!stopping.signal.aborted) {
        try {
          const response = await fetch(`${server}/api/v1/namespaces?limit=1`)
          await response.arrayBuffer()
          if (response.status === 200) answers++
          else failures.push(String(response.status))
        } catch (error) {
          failures.push(String(error instanceof Error ? (error.cause ?? error) : error))
        }
      }
    }
    const watch = async (): Promise<void> => {
      const { signal } = stopping
      while (!signal.aborted) {
        try {
          const response = await fetch(`${server}/api/v1/namespaces?watch=1`, { signal })
          if (response.status !== 200) failures.push(`a watch: ${response.status}`)
          // It throws if the response is cut.
          await response.text()
          watches++
        } catch (error) {
          if (!signal.aborted) failures.push(`a watch: ${String(error)}`)
        }
      }
    }
    const status = async () =>
      (await (await fetchApp(`https://localhost:${environment['APP_PORT']}/status.json`)).json()) as {
        readonly programs: readonly {
          readonly name: string
          readonly pid?: number
          readonly restarts: number
        }[]
        readonly replicas: readonly { readonly name: string; readonly isReady: boolean }[]
      }
    const load = [...Array.from({ length: 4 }, ask), ...Array.from({ length: 6 }, watch)]
    for (const name of ['replica-1', 'replica-2', 'replica-3']) {
      const before = (await status()).programs.find((each) => each.name === name)
      process.kill(before?.pid ?? 0, 'SIGTERM')
      await vi.waitFor(async () => {
        const { programs, replicas } = await status()
        expect(programs.find((each) => each.name === name)?.restarts).toBe((before?.restarts ?? 0) + 1)
        expect(replicas.find((each) => each.name === name)?.isReady).toBe(true)
      })
    }
    stopping.abort()
    await Promise.all(load)
    fetch.close()
    fetchApp.close()
    expect(failures).toEqual([])
    expect(answers).toBeGreaterThan(100)
    // Each was at one of the replicas.
    expect(watches).toBeGreaterThanOrEqual(6)
  })

  it('gives no wrong answer while a replica and the database are killed, and a token is revoked', async () => {
    const traffic = spawn(process.execPath, [example('traffic'), '--seconds', '24', '--faults'], {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let printed = ''
    traffic.stdout.on('data', (data) => (printed += String(data)))
    traffic.stderr.on('data', (data) => (printed += String(data)))
    const exitCode = await new Promise((resolve) => traffic.once('exit', resolve))
    console.log(printed)
    expect(printed).toMatch(/^killed replica-2, .*\n(?:.*\n)*revoked a token\n(?:.*\n)*killed PostgreSQL, /m)
    expect(printed).toMatch(/^no wrong answer$/m)
    expect(exitCode).toBe(0)
  })
})
