import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync } from 'node:fs'
import { createClient } from '@redis/client'
import { expect, vi } from 'vitest'
import { COMPONENTS } from './components.ts'
import { unprivileged } from './etcd.ts'
import { freePort, listens } from './ports.ts'
import type { Scratch } from './scratch.ts'

/** A Valkey server of its own. */
export interface RunningValkey {
  readonly port: number
  readonly url: string
  /** Sends it a command, such as `CONFIG SET maxmemory 1mb`. */
  ask(...command: readonly string[]): Promise<unknown>
  /** Ends it as a loss of power would. */
  kill(): Promise<void>
  /** Starts it again, on the same port and data. */
  start(): Promise<void>
  /** Stops the process without ending it, or lets it go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void
  close(): Promise<void>
}

/** Starts one on 127.0.0.1, which keeps nothing on the disk unless the flags say so. */
export async function startValkey(
  scratch: Scratch,
  name: string,
  flags: readonly string[] = [],
): Promise<RunningValkey> {
  const folder = scratch.path(name)
  mkdirSync(folder, { recursive: true })
  chmodSync(scratch.folder, 0o755)
  const identity: string[] = []
  if (process.getuid?.() === 0) {
    const { uid, gid } = unprivileged()
    chownSync(folder, uid, gid)
    identity.push(`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups')
  }
  const port = await freePort()
  const url = `valkey://127.0.0.1:${port}`
  const program = ['--pdeathsig=KILL', ...identity, COMPONENTS.valkey.command]
  const command = [
    ...program,
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--dir',
    folder,
    '--save',
    '',
    ...flags,
  ]
  let child: ChildProcess | undefined
  const kill = async (): Promise<void> => {
    if (child === undefined) return
    const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined
    child.kill('SIGKILL')
    await ended
    child = undefined
  }
  const start = async (): Promise<void> => {
    child = spawn(COMPONENTS.setpriv.command, command, { stdio: 'ignore' })
    await listens(port, once(child, 'exit'))
  }
  const ask = async (...words: readonly string[]): Promise<unknown> => {
    const client = createClient({ url: `redis://127.0.0.1:${port}`, socket: { reconnectStrategy: false } })
    client.on('error', () => undefined)
    await client.connect()
    try {
      return await client.sendCommand([...words])
    } finally {
      client.destroy()
    }
  }
  await start()
  return { port, url, ask, kill, start, signal: (signal) => void child?.kill(signal), close: kill }
}

/** A cluster of three servers, and one more that is a replica of one of them. */
export interface RunningValkeyCluster {
  readonly nodes: readonly RunningValkey[]
  /** The one that has a replica. */
  readonly first: RunningValkey
  close(): Promise<void>
}

const CLUSTER = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000', '--appendonly', 'no']

export async function startValkeyCluster(scratch: Scratch): Promise<RunningValkeyCluster> {
  const names = ['node-0', 'node-1', 'node-2', 'replica']
  const nodes: RunningValkey[] = []
  for (const name of names) {
    // Its bus would else be 10,000 above the port, which may be another suite's.
    const bus = String(await freePort())
    nodes.push(await startValkey(scratch, name, [...CLUSTER, '--cluster-port', bus]))
  }
  const [first, second, third, replica] = nodes
  if (first === undefined || second === undefined || third === undefined || replica === undefined) {
    throw new Error('there are four nodes')
  }
  const cli = (...parameters: readonly string[]): Buffer =>
    execFileSync(COMPONENTS.valkeyCli.command, ['--cluster', ...parameters, '--cluster-yes'], {
      stdio: 'pipe',
    })
  const address = ({ port }: RunningValkey): string => `127.0.0.1:${port}`
  cli('create', address(first), address(second), address(third))
  await isHealthy([first, second, third])
  const id = String(await first.ask('CLUSTER', 'MYID'))
  cli('add-node', address(replica), address(first), '--cluster-replica', '--cluster-master-id', id)
  await isHealthy(nodes)
  await vi.waitFor(async () =>
    expect(String(await replica.ask('INFO', 'replication'))).toContain('master_link_status:up'),
  )
  return {
    nodes,
    first,
    async close() {
      await Promise.all(nodes.map((node) => node.close()))
    },
  }
}

/** Resolves when all of them know a node for each slot. */
async function isHealthy(nodes: readonly RunningValkey[]): Promise<void> {
  for (const node of nodes) {
    await vi.waitFor(async () =>
      expect(String(await node.ask('CLUSTER', 'INFO'))).toContain('cluster_state:ok'),
    )
  }
}
