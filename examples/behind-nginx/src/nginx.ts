import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The ports and folders of nginx. */
export interface NginxOptions {
  /** nginx's prefix: the folder of certificates, keys, and everything that nginx writes. */
  readonly folder: string
  readonly port: number
  readonly appPort: number
  /** The folder of its modules. Default: that of Debian. */
  readonly modules?: string
}

/** An error with a message for the user of the example. */
export class NginxProblem extends Error {
  override readonly name = 'NginxProblem'
}

/**
 * Writes `nginx.conf`, and runs nginx with it in the foreground, until this process exits.
 *
 * @returns the child process, once it accepts connections.
 * @throws {NginxProblem} if nginx or its module is not installed, or nginx does not start.
 */
export async function startNginx(options: NginxOptions): Promise<ChildProcess> {
  const { folder, port, appPort, modules = '/usr/lib/nginx/modules' } = options
  const program = findNginx()
  const module = join(modules, 'ngx_http_headers_more_filter_module.so')
  if (program === undefined || !existsSync(module)) {
    const missing = program === undefined ? 'nginx is not installed' : `${module} is not installed`
    throw new NginxProblem(
      `${missing}. On Debian: apt-get install nginx libnginx-mod-http-headers-more-filter; elsewhere NGINX_MODULES names the folder of its modules.`,
    )
  }
  const values: Readonly<Record<string, string>> = {
    MODULES: modules,
    PORT: String(port),
    APP_PORT: String(appPort),
  }
  const template = readFileSync(fileURLToPath(new URL('../nginx.conf.template', import.meta.url)), 'utf8')
  const configuration = template.replaceAll(/\$\{([A-Z_]+)\}/g, (_, name: string) => values[name] ?? '')
  writeFileSync(join(folder, 'nginx.conf'), configuration, { mode: 0o600 })
  // For the files that nginx creates itself.
  mkdirSync(join(folder, 'temp'), { recursive: true, mode: 0o700 })

  // If nginx is started as root, its workers run as another user, who may not read the password file.
  const user = process.getuid?.() === 0 ? ' user root;' : ''
  const args = ['-p', folder, '-c', 'nginx.conf', '-e', 'error.log', '-g', `daemon off;${user}`]
  const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'pipe'] })
  let complaint = ''
  child.stderr.on('data', (data) => (complaint += String(data)))
  process.once('exit', () => child.kill())
  const ended = new Promise<never>((_, reject) => {
    child.once('error', (error) => reject(new NginxProblem(`nginx does not start: ${error.message}`)))
    child.once('exit', () => reject(new NginxProblem(`nginx does not start:\n${complaint.trim()}`)))
  })
  // It also exits at the end, which is not an error.
  ended.catch(() => undefined)
  await Promise.race([ended, accepts(port)])
  return child
}

function findNginx(): string | undefined {
  const folders = ['/usr/sbin', ...(process.env['PATH'] ?? '').split(delimiter)]
  return folders.map((folder) => join(folder, 'nginx')).find((path) => existsSync(path))
}

async function accepts(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true))
      socket.once('error', () => resolve(false)).once('connect', () => socket.destroy())
    })
    if (isOpen) return
    await new Promise((resolve) => void setTimeout(resolve, 50))
  }
  throw new NginxProblem('nginx does not accept connections')
}
