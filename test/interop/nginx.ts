import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { COMPONENTS } from './components.ts'
import { listens } from './ports.ts'

/** A running nginx. */
export interface Nginx {
  readonly folder: string
  /** Stops it and removes its folder. */
  stop(): Promise<void>
}

/**
 * Runs nginx in a new folder, which is its prefix.
 *
 * @param http the content of the block `http`, except for the temporary paths.
 * @param files the files of the folder.
 * @param port it is ready once it listens there.
 * @param modules lines that load modules.
 */
export async function startNginx(
  http: string,
  files: Readonly<Record<string, string>>,
  port: number,
  modules = '',
): Promise<Nginx> {
  const folder = mkdtempSync(join(tmpdir(), 'nginx-'))
  mkdirSync(join(folder, 'temp'))
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const configuration = `
    ${modules}
    pid nginx.pid;
    error_log error.log info;
    worker_processes 1;
    events { worker_connections 256; }
    http {
      access_log off;
      ${temporary.map((name) => `${name}_temp_path temp/${name};`).join('\n')}
      ${http}
    }`
  for (const [name, content] of Object.entries({ ...files, 'nginx.conf': configuration })) {
    writeFileSync(join(folder, name), content, { mode: 0o600 })
  }
  const user = process.getuid?.() === 0 ? ' user root;' : ''
  const child = spawn(
    COMPONENTS.nginx.command,
    ['-p', folder, '-c', 'nginx.conf', '-e', 'error.log', '-g', `daemon off;${user}`],
    { stdio: 'ignore' },
  )
  const kill = (): void => void child.kill()
  process.once('exit', kill)
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const stop = async (): Promise<void> => {
    kill()
    await ended
    process.off('exit', kill)
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await listens(port, ended)
  } catch (cause) {
    const log = readFileSync(join(folder, 'error.log'), 'utf8')
    await stop()
    throw new Error(`nginx does not run:\n${log}`, { cause })
  }
  return { folder, stop }
}
