import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { COMPONENTS } from './components.ts'
import type { Listening } from './https-app.ts'
import { freePort, listens } from './ports.ts'
import type { Scratch } from './scratch.ts'

/**
 * Starts haproxy and waits until it listens.
 *
 * @param configuration its configuration, for a local port.
 * @throws {Error} with haproxy's output, if it does not start.
 */
export async function startHaproxy(
  scratch: Scratch,
  configuration: (port: number) => string,
): Promise<Listening> {
  const port = await freePort()
  const file = scratch.write('haproxy.cfg', configuration(port))
  // In the foreground, so that it is a child of this process and ends with it.
  const child = spawn(COMPONENTS.haproxy.command, ['-db', '-f', file], { stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(child, 'exit')
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  let said = ''
  child.stdout.on('data', (data) => (said += String(data)))
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
    throw new Error(`haproxy does not listen: ${said}`, { cause })
  }
  return { port, close }
}
