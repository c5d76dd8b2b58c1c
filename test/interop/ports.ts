import { connect, createServer } from 'node:net'
import { vi } from 'vitest'

/** From here each test file has ports of its own. They are below those that the kernel gives to whoever asks for any port. */
const FIRST_PORT = 12_000
const PORTS_OF_A_FILE = 200

const file = Number(process.env['VITEST_WORKER_ID'])
let next = FIRST_PORT + PORTS_OF_A_FILE * (file % 100)

/** A free port, which no other test file gets. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = next++
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

/** Resolves when something accepts connections there. Rejects when the process ends that should. */
export async function listens(port: number, ended: Promise<unknown> = never): Promise<void> {
  let hasEnded = false
  void ended.then(() => (hasEnded = true))
  await vi.waitUntil(async () => hasEnded || (await accepts(port)))
  if (hasEnded) throw new Error(`ended before it listened at ${port}`)
}

const never = new Promise<never>(() => undefined)

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
