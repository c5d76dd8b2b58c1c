import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { COMPONENTS } from './components.ts'
import type { Listening } from './https-app.ts'
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
  for (let attempt = 0; attempt < 200; attempt++) {
    if (child.exitCode !== null) break
    if (await accepts(port)) return { port, close }
    await setTimeout(50)
  }
  await close()
  throw new Error(`haproxy does not listen: ${said}`)
}

/** A currently free port. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
