import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { COMPONENTS } from './components.ts'
import type { Listening } from './https-app.ts'
import { freePort, listens } from './ports.ts'
import type { Scratch } from './scratch.ts'

/**
 * Starts Caddy and waits until it listens.
 *
 * @param configuration a Caddyfile, for a local port.
 * @throws {Error} with what it said, if it does not start.
 */
export async function startCaddy(
  scratch: Scratch,
  configuration: (port: number) => string,
): Promise<Listening> {
  const port = await freePort()
  const file = scratch.write('Caddyfile', `{\n\tadmin off\n\tauto_https off\n}\n${configuration(port)}`)
  const child = spawn(COMPONENTS.caddy.command, ['run', '--config', file, '--adapter', 'caddyfile'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { HOME: scratch.folder },
  })
  const exited = once(child, 'exit')
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  let said = ''
  child.stderr.on('data', (data) => (said += String(data)))
  const close = async (): Promise<void> => {
    kill()
    await exited
    process.off('exit', kill)
  }
  try {
    await listens(port, exited)
  } catch (cause) {
    await close()
    throw new Error(`caddy does not listen: ${said}`, { cause })
  }
  return { port, close }
}
