import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { vi } from 'vitest'
import { COMPONENTS, postgresProgram } from './components.ts'
import { freePort } from './ports.ts'
import type { Scratch } from './scratch.ts'

/** A PostgreSQL server of its own. */
export interface RunningPostgres {
  readonly port: number
  readonly url: string
  /** Ends it as a loss of power would. */
  kill(): Promise<void>
  /** Starts it again, on the same port and data. */
  start(): Promise<void>
  close(): Promise<void>
}

/** The user and group that Debian makes for it: it refuses to run as root. */
export function postgresIds(): { readonly uid: number; readonly gid: number } {
  const [, , uid, gid] =
    readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((line) => line.startsWith('postgres:'))
      ?.split(':') ?? []
  return { uid: Number(uid), gid: Number(gid) }
}

/** Where a server writes. */
export interface PostgresPlaces {
  /** The folder below that of the suite. Default `postgres`. */
  readonly name?: string
  /** An empty folder that belongs to it. Default: one of its own. */
  readonly data?: string
  /** An empty folder that belongs to it, for its log (WAL). Default: in that of the data. */
  readonly log?: string
}

/** Makes a database and starts a server for it. It writes to the disk as in production. */
export async function startPostgres(
  scratch: Scratch,
  { name = 'postgres', data: place, log }: PostgresPlaces = {},
): Promise<RunningPostgres> {
  const folder = scratch.path(name)
  mkdirSync(folder, { recursive: true })
  chmodSync(scratch.folder, 0o755)
  const commandLine = (...command: readonly string[]): readonly [string, string[]] =>
    asPostgres(folder, ...command)
  const data = place ?? `${folder}/data`
  const initialize = [
    '-D',
    data,
    '-A',
    'trust',
    '-U',
    'postgres',
    '-E',
    'UTF8',
    '--locale=C',
    '--no-sync',
    // Short files, so that a full disk is noticed soon.
    ...(log === undefined ? [] : ['--waldir', log, '--wal-segsize', '1']),
  ]
  execFileSync(...commandLine(postgresProgram('initdb'), ...initialize), { stdio: 'pipe', cwd: folder })
  const port = await freePort()

  let stop = (): Promise<void> => Promise.resolve()
  const start = async (): Promise<void> => {
    const child = spawn(
      ...commandLine(
        COMPONENTS.postgres.command,
        '-D',
        data,
        '-p',
        String(port),
        '-h',
        '127.0.0.1',
        '-k',
        folder,
      ),
      { stdio: 'ignore', cwd: folder },
    )
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    const kill = (): void => void child.kill('SIGKILL')
    process.once('exit', kill)
    stop = async () => {
      kill()
      await ended
      process.off('exit', kill)
    }
    await accepts(port)
  }
  await start()
  return {
    port,
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    kill: () => stop(),
    start,
    close: () => stop(),
  }
}

/** Starts a pgbouncer before it, which gives clients a connection for one transaction only. */
export async function startPgbouncer(
  scratch: Scratch,
  server: RunningPostgres,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const port = await freePort()
  const users = scratch.write('pgbouncer/users.txt', '"postgres" ""\n')
  const configuration = scratch.write(
    'pgbouncer/pgbouncer.ini',
    `[databases]
postgres = host=127.0.0.1 port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${users}
pool_mode = transaction
default_pool_size = 4
max_prepared_statements = 0
`,
  )
  const child = spawn(...asPostgres(scratch.path('pgbouncer'), COMPONENTS.pgbouncer.command, configuration), {
    stdio: 'ignore',
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  await accepts(port)
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    async close() {
      kill()
      await ended
      process.off('exit', kill)
    },
  }
}

/** The folder is given to the user, and the command runs as it: both programs refuse to run as root. */
function asPostgres(folder: string, ...command: readonly string[]): readonly [string, string[]] {
  const [program = '', ...args] = command
  if (process.getuid?.() !== 0) return [program, args]
  const { uid, gid } = postgresIds()
  for (const name of ['.', ...readdirSync(folder)]) chownSync(`${folder}/${name}`, uid, gid)
  return [
    COMPONENTS.setpriv.command,
    [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', program, ...args],
  ]
}

/** A server that has crashed refuses connections while it recovers, so that its first message is asked for. */
async function accepts(port: number): Promise<void> {
  await vi.waitUntil(() => isReady(port))
}

/** Whether it answers a startup message with a request for authentication, and not with an error. */
function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const finish = (isUp: boolean): void => {
      socket.destroy()
      resolve(isUp)
    }
    socket.once('connect', () => socket.write(startupMessage({ user: 'postgres', database: 'postgres' })))
    socket.once('data', (bytes) => finish(bytes.toString('latin1', 0, 1) === 'R'))
    socket.once('error', () => finish(false))
    socket.once('end', () => finish(false))
  })
}

function startupMessage(parameters: Readonly<Record<string, string>>): Buffer {
  const body = Buffer.from(`${Object.entries(parameters).flat().join('\0')}\0\0`)
  const head = Buffer.alloc(8)
  head.writeInt32BE(body.length + 8)
  head.writeInt32BE(196_608, 4)
  return Buffer.concat([head, body])
}
