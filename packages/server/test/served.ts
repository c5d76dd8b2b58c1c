import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createFetch, endpointFetch, type HttpFetch, readKubeconfig } from '@kube-authn/node'
import { onTestFinished } from 'vitest'
import { COMMAND, folderOf } from './command.ts'

/** How a process ended. */
export interface Ended {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** `kube-authn serve` as a process, which is killed after the test. */
export interface ServeProcess {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** What it has written to stderr so far. */
  log(): string
}

/** Starts the command, without the environment of the test. */
export function spawnServe(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ServeProcess {
  const child = spawn(process.execPath, [COMMAND, 'serve', ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (stderr += text))
  const ended = once(child, 'close').then(() => ({
    exitCode: child.exitCode,
    signal: child.signalCode,
    stdout,
    stderr,
  }))
  return { child, ended, log: () => stderr }
}

/** A server that has printed where it is. */
export interface Served extends ServeProcess {
  /** `https://127.0.0.1:PORT` */
  readonly server: string
  /** What it printed, as JSON. */
  readonly announcement: Readonly<Record<string, string>>
  readonly dataDir: string
  /** Requests of the kubeconfig's user, at paths. */
  readonly admin: PathFetch
  /** Requests with this bearer token, or without any credential. */
  as(token?: string): PathFetch
  /** Sends a signal, and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<Ended>
}

/** A request at a path. `body` is sent as JSON. */
export type PathFetch = (
  path: string,
  init?: { readonly method?: string; readonly body?: unknown },
) => Promise<Response>

/** Starts a server with a port of its own, in a data folder of its own unless `args` name one, and waits until it is there. */
export async function startServe(
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Served> {
  const named = args.find((each) => each.startsWith('--data-dir='))?.slice('--data-dir='.length)
  const dataDir = named ?? join(folderOf(), 'data')
  const started = spawnServe([`--data-dir=${dataDir}`, '--secure-port=0', '--output=json', ...args], env)
  const line = await firstLine(started)
  const announcement = JSON.parse(line) as Readonly<Record<string, string>>
  const server = announcement['server'] ?? ''
  const kubeconfig = readKubeconfig(announcement['kubeconfig'] ?? '')
  const own = endpointFetch(kubeconfig)
  const bare = createFetch({ ca: kubeconfig.ca ?? readFileSync(join(dataDir, 'pki/ca.crt'), 'utf8') })
  onTestFinished(() => {
    own.close()
    bare.close()
  })
  return {
    ...started,
    server,
    announcement,
    dataDir,
    admin: pathFetch(own, server),
    as: (token) => pathFetch(bare, server, token),
    stop(signal = 'SIGTERM') {
      started.child.kill(signal)
      return started.ended
    },
  }
}

async function firstLine({ child, ended }: ServeProcess): Promise<string> {
  let text = ''
  const line = new Promise<string>((resolve) => {
    child.stdout?.on('data', (part: string) => {
      text += part
      if (text.includes('\n')) resolve(text)
    })
  })
  const failed = ended.then((end): never => {
    throw new Error(`serve ended: ${JSON.stringify(end)}`)
  })
  return Promise.race([line, failed])
}

function pathFetch(fetch: HttpFetch, server: string, token?: string): PathFetch {
  return (path, { method = 'GET', body } = {}) =>
    fetch(`${server}${path}`, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
}
