import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Kept, keepRunning } from './keep-running.ts'
import { listens, programAt } from './programs.ts'

/** A PostgreSQL of the example. */
export interface Database {
  readonly url: string
  readonly kept: Kept
}

/** Makes a database in the folder at the first run, and runs a server for it on a local port. */
export async function runPostgres(folder: string, port: number): Promise<Database> {
  const initdb = programAt('initdb', 'postgresql')
  const server = programAt('postgres', 'postgresql')
  const data = join(folder, 'data')
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  if (!existsSync(join(data, 'PG_VERSION'))) {
    rmSync(data, { recursive: true, force: true })
    // Only this machine reaches it, and only for the example.
    const options = ['-D', data, '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--locale=C']
    const [command, args] = asPostgres(folder, initdb, options)
    execFileSync(command, [...args], { stdio: 'pipe', cwd: folder })
  }
  // A server that was killed leaves the file behind.
  const options = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', folder]
  const [command, args] = asPostgres(folder, server, options)
  const kept = keepRunning({ name: 'PostgreSQL', command, args, folder, endsWith: 'SIGINT' })
  await listens(port, 'PostgreSQL')
  return { url: `postgres://postgres@127.0.0.1:${port}/postgres?sslmode=disable`, kept }
}

/** PostgreSQL refuses to run as root: there, it runs as the user that its package makes. */
function asPostgres(
  folder: string,
  program: string,
  args: readonly string[],
): readonly [string, readonly string[]] {
  if (process.getuid?.() !== 0) return [program, args]
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((each) => each.startsWith('postgres:'))
  const [, , uid = '', gid = ''] = line?.split(':') ?? []
  chmodSync(join(folder, '..'), 0o755)
  for (const name of ['.', ...readdirSync(folder)]) chownSync(join(folder, name), Number(uid), Number(gid))
  const setpriv = programAt('setpriv', 'util-linux')
  return [setpriv, [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', program, ...args]]
}
