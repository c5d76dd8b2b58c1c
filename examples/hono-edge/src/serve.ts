import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { bundleWorker } from './bundle.ts'
import type { Settings } from './settings.ts'

/** A runtime for the app, without Node. */
export type Runtime = 'workerd' | 'deno' | 'bun'

/** The runtime, the settings and the ports of the app. */
export interface ServeOptions {
  readonly runtime: Runtime
  readonly settings: Settings
  /** A CA that the app trusts, besides the public CAs, when it fetches the keys of issuers. */
  readonly caPem: string
  readonly port: number
  /** The port that emulates Cloudflare's edge, on workerd only. */
  readonly edgePort: number
  /** The command that starts the runtime. Default: npx, which downloads it from npm. */
  readonly command?: readonly string[]
}

/** A running app. */
export interface ServedApp {
  readonly origin: string
  /** The origin that reads Cloudflare's data from the header `CF-Blob`; `undefined` on other runtimes than workerd. */
  readonly edgeOrigin: string | undefined
  /** Rejects when the app exits by itself. */
  readonly ended: Promise<never>
  close(): Promise<void>
}

const COMMANDS: Readonly<Record<Runtime, readonly string[]>> = {
  workerd: ['npx', '-y', 'workerd@1.20261117.1'],
  deno: ['npx', '-y', 'deno@2.9.6'],
  bun: ['npx', '-y', 'bun@1.4.5'],
}

/**
 * Serves the app on a runtime, on this machine only.
 *
 * @throws {Error} if it does not answer in time; the message has the runtime's output.
 */
export async function serveOn(options: ServeOptions): Promise<ServedApp> {
  const { runtime, settings, caPem, port, edgePort } = options
  const folder = mkdtempSync(join(tmpdir(), 'hono-edge-'))
  const caPath = join(folder, 'issuer-ca.crt')
  writeFileSync(caPath, caPem)
  const [command = '', ...first] = options.command ?? COMMANDS[runtime]
  const child = spawn(command, [...first, ...(await argumentsOf(options, folder))], {
    env: {
      ...process.env,
      ...settings,
      HOST: '127.0.0.1',
      PORT: String(port),
      DENO_CERT: caPath,
      NODE_EXTRA_CA_CERTS: caPath,
    } as NodeJS.ProcessEnv,
    // A process group, to stop the children of npx too.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const keep = (data: unknown): void => void (output += String(data))
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const end = (): void => {
    endGroup(child)
    rmSync(folder, { recursive: true, force: true })
  }
  process.once('exit', end)
  const closed = once(child, 'close')
  const ended = closed.then(() => {
    throw new Error(`${runtime} ended:\n${output}`)
  })
  ended.catch(() => undefined)
  const close = async (): Promise<void> => {
    process.off('exit', end)
    end()
    await closed
  }

  const origin = `http://127.0.0.1:${port}`
  try {
    await Promise.race([answers(`${origin}/healthz`), ended])
  } catch (error) {
    await close()
    throw error
  }
  return {
    origin,
    edgeOrigin: runtime === 'workerd' ? `http://127.0.0.1:${edgePort}` : undefined,
    ended,
    close,
  }
}

async function argumentsOf(
  { runtime, port, edgePort }: ServeOptions,
  folder: string,
): Promise<readonly string[]> {
  const source = (file: string): string => fileURLToPath(new URL(`../src/${file}`, import.meta.url))
  switch (runtime) {
    case 'workerd': {
      // workerd reads embedded files from the folder of its configuration.
      const configuration = join(folder, 'workerd.capnp')
      copyFileSync(fileURLToPath(new URL('../workerd.capnp', import.meta.url)), configuration)
      await bundleWorker(join(folder, 'worker.js'))
      return [
        'serve',
        configuration,
        `--socket-addr=http=127.0.0.1:${port}`,
        `--socket-addr=edge=127.0.0.1:${edgePort}`,
      ]
    }
    case 'deno':
      return [
        'serve',
        '--allow-env',
        '--allow-net',
        '--no-lock',
        '--host=127.0.0.1',
        `--port=${port}`,
        source('deno.ts'),
      ]
    case 'bun':
      return [source('bun.ts')]
  }
}

/** Waits until the app answers, which takes a while if npx has to download a runtime first. */
async function answers(url: string): Promise<void> {
  for (let tries = 0; tries < 3000; tries++) {
    try {
      if ((await fetch(url)).ok) return
    } catch {
      // Not yet.
    }
    await setTimeout(100)
  }
  throw new Error(`${url} did not answer within five minutes`)
}

function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid)
  } catch {
    // It has already exited.
  }
}
