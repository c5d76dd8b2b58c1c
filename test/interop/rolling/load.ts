import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { Agent, get } from 'node:https'
import { readFileSync } from 'node:fs'
import { onTestFinished, vi } from 'vitest'
import type { Fleet } from './fleets.ts'

const CLIENTS = 3
const WATCHES = 2

/** Requests and watches that go on until they are stopped, or one is refused. */
export interface Load {
  /** Waits for this many further responses. */
  flow(count: number): Promise<void>
  stop(): Promise<LoadReport>
}

export interface LoadReport {
  readonly answered: number
  /** What was no 200, or no whole response: at most one of each client. */
  readonly refused: readonly string[]
  readonly watches: { readonly begun: number; readonly ended: number }
}

/** A response that has begun, of a connection of its own or of an agent. */
export async function begin(
  { caFile, headers }: Fleet,
  port: number,
  path: string,
  agent: Agent | false = false,
): Promise<IncomingMessage> {
  const sent = get({ host: 'localhost', port, path, ca: readFileSync(caFile), headers, agent })
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  response.on('error', () => {})
  return response
}

/** Reads the rest. @returns whether it came in whole. */
export async function isWhole(response: IncomingMessage): Promise<boolean> {
  const closed = new Promise((resolve) => response.once('close', resolve))
  response.resume()
  await closed
  return response.complete
}

/** Sends requests to a port: clients that keep their connections, and watches that begin again when they end. */
export function startLoad(fleet: Fleet, port: number): Load {
  const { paths } = fleet
  const stopped = new AbortController()
  // Also if the test fails.
  onTestFinished(() => stopped.abort())
  const refused: string[] = []
  const watches = { begun: 0, ended: 0 }
  let answered = 0

  const refuse = (what: string): void => {
    refused.push(what)
    // Else they would pile up until the test ends.
    stopped.abort()
  }

  const client = async (): Promise<void> => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    while (!stopped.signal.aborted) {
      try {
        const response = await begin(fleet, port, paths.short, agent)
        const whole = await isWhole(response)
        if (response.statusCode !== 200 || !whole) refuse(`${response.statusCode} ${whole}`)
      } catch (error) {
        refuse(String(error))
      }
      answered++
    }
    agent.destroy()
  }

  const watch = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      try {
        const response = await begin(fleet, port, paths.watch)
        if (response.statusCode !== 200) refuse(`watch: ${response.statusCode}`)
        watches.begun++
        const stop = (): void => void response.destroy()
        if (stopped.signal.aborted) stop()
        stopped.signal.addEventListener('abort', stop)
        const whole = await isWhole(response)
        stopped.signal.removeEventListener('abort', stop)
        if (stopped.signal.aborted) return
        if (whole) watches.ended++
        else refuse('watch: cut')
      } catch (error) {
        refuse(`watch: ${String(error)}`)
      }
    }
  }

  const running = Promise.all([
    ...Array.from({ length: CLIENTS }, client),
    ...Array.from({ length: WATCHES }, watch),
  ])
  const until = (condition: () => boolean): Promise<unknown> =>
    vi.waitUntil(() => stopped.signal.aborted || condition())
  return {
    async flow(count) {
      const goal = answered + count
      await until(() => answered >= goal && watches.begun >= WATCHES)
    },
    async stop() {
      await until(() => watches.begun === watches.ended + WATCHES)
      stopped.abort()
      await running
      return { answered, refused, watches }
    },
  }
}
