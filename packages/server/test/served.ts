import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createFetch, endpointFetch, type HttpFetch, readKubeconfig } from '@kube-authn/node'
import { onTestFinished } from 'vitest'
import { run } from '../src/cli/run.ts'
import { COMMAND, folderOf, testTerminal } from './command.ts'

/** How a process ended. */
export interface Ended {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** `kube-authn serve`, which ends after the test. */
interface Serve {
  readonly ended: Promise<Ended>
  /** What it has written to stdout so far. */
  output(): string
  /** What it has written to stderr so far. */
  log(): string
  signal(signal: NodeJS.Signals): void
  /** Calls back for each part of stdout. */
  onOutput(listener: () => void): void
}

/** The same as a process. */
export interface ServeProcess extends Serve {
  readonly child: ChildProcess
}

/** Starts the command in the process of the test, without its environment. */
function serveHere(args: readonly string[], env: Readonly<Record<string, string>>): Serve {
  const terminal = testTerminal('', env)
  const { stdout, stderr } = terminal
  const ended = run(['serve', ...args], terminal).then(() => ({
    exitCode: Number(terminal.exitCode ?? 0),
    signal: null,
    stdout: stdout.text,
    stderr: stderr.text,
  }))
  onTestFinished(async () => {
    terminal.emit('SIGTERM')
    await ended
  })
  return {
    ended,
    output: () => stdout.text,
    log: () => stderr.text,
    signal: (signal) => void terminal.emit(signal),
    onOutput: (listener) => void stdout.on('text', listener),
  }
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
  return {
    child,
    ended,
    output: () => stdout,
    log: () => stderr,
    signal: (signal) => void child.kill(signal),
    onOutput: (listener) => void child.stdout.on('data', listener),
  }
}

/** A server that has printed where it is. */
export interface Served extends Serve {
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

/**
 * Starts a server in the process of the test, with a port of its own, in a data folder of its own unless `args` name one, and waits until it is
 * there.
 */
export function startServe(
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Served> {
  return startWith(args, (all) => serveHere(all, env))
}

/** The same in a process of its own. */
export function startServeProcess(
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Served & ServeProcess> {
  return startWith(args, (all) => spawnServe(all, env))
}

async function startWith<S extends Serve>(
  args: readonly string[],
  start: (args: readonly string[]) => S,
): Promise<Served & S> {
  const named = args.find((each) => each.startsWith('--data-dir='))?.slice('--data-dir='.length)
  const dataDir = named ?? join(folderOf(), 'data')
  const started = start([`--data-dir=${dataDir}`, '--secure-port=0', '--output=json', ...args])
  const announcement = JSON.parse(await firstLine(started)) as Readonly<Record<string, string>>
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
      started.signal(signal)
      return started.ended
    },
  }
}

function firstLine({ ended, output, onOutput }: Serve): Promise<string> {
  const line = new Promise<string>((resolve) => {
    onOutput(() => {
      if (output().includes('\n')) resolve(output())
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
