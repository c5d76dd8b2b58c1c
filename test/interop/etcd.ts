import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { expect, vi } from 'vitest'
import { COMPONENTS } from './components.ts'
import { freePort, listens } from './ports.ts'
import type { Scratch } from './scratch.ts'

/** An etcd of one member, of its own. */
export interface RunningEtcd {
  readonly port: number
  readonly url: string
  /** Ends it as a loss of power would. */
  kill(): Promise<void>
  /** Starts it again, on the same port and data. */
  start(): Promise<void>
  /** Deletes its data while it is killed. */
  wipe(): void
  /** Stops the process without ending it, or lets it go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void
  close(): Promise<void>
}

/** Certificates of an etcd that listens with TLS only, and asks clients for theirs. */
export interface EtcdTls {
  readonly certFile: string
  readonly keyFile: string
  /** With which its JSON gateway calls itself. */
  readonly gatewayCertFile: string
  readonly gatewayKeyFile: string
  readonly clientCaFile: string
}

/** How one is run. */
export interface EtcdOptions {
  readonly tls?: EtcdTls
  /** A folder that belongs to it, for its data. Default: one of its own. */
  readonly data?: string
  readonly flags?: readonly string[]
}

/** Starts one on 127.0.0.1. It writes to the disk as in production. */
export async function startEtcd(
  scratch: Scratch,
  name: string,
  { tls, data, flags = [] }: EtcdOptions = {},
): Promise<RunningEtcd> {
  const [port, peerPort] = [await freePort(), await freePort()]
  const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`
  const peerUrl = `http://127.0.0.1:${peerPort}`
  const secure = tls === undefined ? [] : tlsFlags(tls)
  const member = etcdMember(scratch, {
    name,
    url,
    peerUrl,
    cluster: `${name}=${peerUrl}`,
    ...(data !== undefined && { data }),
    files: tls === undefined ? [] : Object.values(tls),
    flags: [...secure, ...flags],
  })
  const start = async (): Promise<void> => {
    await member.start()
    if (tls === undefined) await isHealthy(url)
  }
  await start()
  return { port, url, ...member, start, close: member.kill }
}

function tlsFlags(tls: EtcdTls): readonly string[] {
  return [
    `--cert-file=${tls.certFile}`,
    `--key-file=${tls.keyFile}`,
    `--client-cert-file=${tls.gatewayCertFile}`,
    `--client-key-file=${tls.gatewayKeyFile}`,
    `--trusted-ca-file=${tls.clientCaFile}`,
    '--client-cert-auth',
  ]
}

/** A member of an etcd, which is not started yet. */
export interface EtcdMember extends Pick<RunningEtcd, 'kill' | 'wipe' | 'signal'> {
  /** Resolves when it listens. */
  start(): Promise<void>
}

/** What a member needs to know. */
export interface EtcdMemberOptions {
  readonly name: string
  readonly url: string
  readonly peerUrl: string
  /** The names and peer URLs of all members. */
  readonly cluster: string
  readonly data?: string
  /** Which it must be able to read. */
  readonly files?: readonly string[]
  readonly flags?: readonly string[]
}

/** Makes its folder. */
export function etcdMember(scratch: Scratch, options: EtcdMemberOptions): EtcdMember {
  const { name, url, peerUrl, cluster, files = [], flags = [] } = options
  const folder = scratch.path(name)
  mkdirSync(folder, { recursive: true })
  chmodSync(scratch.folder, 0o755)
  // Without root it runs as the user who started the suite.
  const identity: string[] = []
  if (process.getuid?.() === 0) {
    const { uid, gid } = unprivileged()
    for (const file of [folder, ...files]) chownSync(file, uid, gid)
    identity.push(`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups')
  }
  chmodSync(folder, 0o700)
  const data = options.data ?? `${folder}/data`
  const command = [
    '--pdeathsig=KILL',
    ...identity,
    COMPONENTS.etcd.command,
    `--name=${name}`,
    `--data-dir=${data}`,
    `--listen-client-urls=${url}`,
    `--advertise-client-urls=${url}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=${cluster}`,
    '--log-level=error',
    ...flags,
  ]
  let child: ChildProcess | undefined
  return {
    async kill() {
      if (child === undefined) return
      const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined
      child.kill('SIGKILL')
      await ended
      child = undefined
    },
    async start() {
      child = spawn(COMPONENTS.setpriv.command, command, { stdio: 'ignore' })
      await listens(Number(new URL(url).port), once(child, 'exit'))
    },
    wipe: () => rmSync(data, { recursive: true }),
    signal: (signal) => void child?.kill(signal),
  }
}

/** Resolves when a member answers, with the others if there are any. */
export async function isHealthy(url: string): Promise<void> {
  await vi.waitFor(async () => {
    const response = await fetch(`${url}/health`)
    expect(await response.text()).toContain('"health":"true"')
  })
}

/** The user that Debian has for programs without files of their own. */
export function unprivileged(): { readonly uid: number; readonly gid: number } {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((each) => each.startsWith('nobody:'))
  const [, , uid, gid] = line?.split(':') ?? []
  return { uid: Number(uid), gid: Number(gid) }
}
