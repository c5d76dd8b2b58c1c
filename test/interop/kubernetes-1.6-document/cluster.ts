import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { PATIENCE_MS } from '../../patience.ts'
import type { Scratch } from '../scratch.ts'

const command = fileURLToPath(new URL('../../../packages/server/dist/cli/main.js', import.meta.url))

/** What a command printed. */
export interface Run {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

/** A server of `kube-authn serve`, with its own folder of data. */
export interface Cluster {
  readonly origin: string
  /** The file of the CA of its certificate. */
  readonly caFile: string
  /** The kubeconfig of its administrator. */
  readonly adminConfig: string
  readonly folder: string
  /** What it wrote to its error output so far. */
  log(): string
  stop(): Promise<void>
}

/** Starts a server with these flags, and waits until it listens. */
export async function startCluster(
  scratch: Scratch,
  name: string,
  flags: readonly string[] = [],
): Promise<Cluster> {
  const folder = scratch.path(name)
  const child = spawn(
    process.execPath,
    [command, 'serve', '--data-dir', folder, '--secure-port', '0', ...flags],
    {
      cwd: scratch.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let printed = ''
  let log = ''
  child.stderr.on('data', (data) => (log += String(data)))
  const isListening = new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (data) => {
      printed += String(data)
      if (/https:\/\/\S+:\d+/.test(printed) && printed.includes('admin.conf')) resolve()
    })
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`serve ended with ${code}: ${log}`)))
  })
  await isListening
  const adminConfig = `${folder}/admin.conf`
  const { origin, ca } = clusterOf(readFileSync(adminConfig, 'utf8'))
  return {
    origin,
    caFile: scratch.write(`${name}-ca.crt`, ca),
    adminConfig,
    folder,
    log: () => log,
    stop: () => end(child),
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
}

function clusterOf(kubeconfig: string): { readonly origin: string; readonly ca: string } {
  const [, origin = ''] = /server: "?(https:[^\s"]+)/.exec(kubeconfig) ?? []
  const [, ca = ''] = /certificate-authority-data: "?([\w+/=]+)/.exec(kubeconfig) ?? []
  return { origin, ca: Buffer.from(ca, 'base64').toString() }
}

/** A user's shell, with a home of its own, in which a kubectl of one release runs. */
export interface Client {
  /** The kubeconfig that commands read and change. */
  readonly kubeconfig: string
  /** Runs `kubectl` with these words. */
  kubectl(words: string | readonly string[], input?: string): Promise<Run>
  /** Runs it, and requires that it succeeds. Returns what it printed. */
  done(words: string | readonly string[], input?: string): Promise<string>
}

/**
 * A user of a cluster.
 *
 * @param kubectl the path of the program.
 * @param user the fields of a user in a kubeconfig; of the cluster's administrator by default.
 */
export function clientOf(
  scratch: Scratch,
  cluster: Cluster,
  kubectl: string,
  user?: Readonly<Record<string, unknown>>,
): Client {
  const home = scratch.path(`home-${crypto.randomUUID()}`)
  mkdirSync(home)
  const config =
    user === undefined
      ? readFileSync(cluster.adminConfig, 'utf8')
      : JSON.stringify({
          apiVersion: 'v1',
          kind: 'Config',
          clusters: [
            { name: 'c', cluster: { server: cluster.origin, 'certificate-authority': cluster.caFile } },
          ],
          users: [{ name: 'u', user }],
          contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
          'current-context': 'c',
        })
  const kubeconfig = scratch.write(`${home.slice(scratch.folder.length + 1)}/config`, config)
  const run: Client['kubectl'] = (words, input = '') =>
    new Promise((resolve) => {
      const child = execFile(
        kubectl,
        typeof words === 'string' ? words.split(' ') : words,
        {
          cwd: scratch.folder,
          env: { PATH: process.env['PATH'] ?? '', HOME: home, KUBECONFIG: kubeconfig },
          timeout: PATIENCE_MS,
        },
        (error, stdout, stderr) => {
          resolve({ stdout, stderr, exitCode: typeof error?.code === 'number' ? error.code : error ? -1 : 0 })
        },
      )
      child.stdin?.end(input)
    })
  return {
    kubeconfig,
    kubectl: run,
    async done(words, input) {
      const { stdout, stderr, exitCode } = await run(words, input)
      if (exitCode !== 0)
        throw new Error(`kubectl ${String(words)} ended with ${exitCode}: ${stderr}${stdout}`)
      return stdout
    },
  }
}
