import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { AuditEvent } from '@kube-authn/audit'
import type { AppParts } from './app-parts.ts'
import { type Framework, serverOf } from './framework-apps.ts'
import { type HttpAnswer, type RawRequest, send } from './http-client.ts'

export interface RunningApp {
  ask(request: RawRequest): Promise<HttpAnswer>
  /** The final event of the last request. It may follow the response. */
  endOfRequest(): Promise<AuditEvent | undefined>
  close(): Promise<void>
}

/** A server on a free local port. */
export async function runningServer(server: Server): Promise<Pick<RunningApp, 'ask' | 'close'>> {
  // As `keepFresh` does: otherwise Node drops headers.
  server.maxHeadersCount = 0
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    ask: (request) => send(port, request),
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** An app of a framework on a free local port. */
export async function runningApp(framework: Framework, parts: AppParts): Promise<RunningApp> {
  const { ask, close } = await runningServer(serverOf(framework, parts))
  return {
    close,
    ask(request) {
      parts.events.length = 0
      return ask(request)
    },
    async endOfRequest() {
      for (let turn = 0; turn < 1000; turn++) {
        const end = parts.events.findLast(({ stage }) => stage === 'ResponseComplete')
        if (end !== undefined) return end
        await new Promise(setImmediate)
      }
      return undefined
    },
  }
}
