import { Agent, type ClientRequest, request as sendRequest, type IncomingMessage } from 'node:http'
import { Agent as TlsAgent } from 'node:https'
import { isIP, type Socket } from 'node:net'
import type { Clock } from '@kube-authn/core'
import type { StatusError } from '@kube-authn/core/adapter'
import { badRequest, memberOf } from '@kube-authn/core/internal'
import type { EndpointConnection, EndpointTls } from '@kube-authn/node/internal'
import { UpstreamTimeoutError } from '../failures.ts'
import { valuesOf } from '../headers/hop-by-hop.ts'

export interface UpstreamRequest {
  readonly method: string
  /** The target after the path of the upstream's URL. */
  readonly target: string
  /** Flat, and complete. */
  readonly headers: readonly string[]
}

/** The server that requests are forwarded to. */
export interface Upstream {
  readonly host: string
  /** The proxy's own credential, if it is sent in a header. */
  readonly authorization: () => string | undefined
  /**
   * @param isAlone whether the request has a connection of its own, which stays open for writing after the upstream closed its side.
   * @returns the refusal of a request with characters in a header or the target that HTTP does not allow.
   */
  readonly open: (request: UpstreamRequest, isAlone: boolean) => ClientRequest | StatusError
  /** Closes idle connections. */
  readonly close: () => void
}

/** Below the minute and a half after which kube-apiserver closes an idle connection. */
const IDLE_MS = 60_000

/** The upstream of a connection. After a file of it changed, new connections are made; those in use stay. */
export function upstreamOf(
  connection: EndpointConnection,
  { connectTimeoutSeconds, clock }: { readonly connectTimeoutSeconds: number; readonly clock: Clock },
): Upstream {
  const { url } = connection
  const { protocol } = url
  const basePath = url.pathname.replace(/\/+$/, '')
  const hostname = url.hostname.replace(/^\[|\]$/g, '')
  const port = url.port === '' ? (protocol === 'https:' ? 443 : 80) : Number(url.port)
  const origin = { protocol, hostname, port }
  const agents = currentAgents(hostname, connection.tls)

  return {
    host: url.host,
    authorization: connection.authorization,
    open({ method, target: path, headers }, isAlone) {
      const { shared, alone } = agents.current()
      const agent = isAlone ? alone : shared
      try {
        // The protocol is that of the agent: `https.request` would copy the options once more.
        const request = sendRequest({ ...origin, method, path: basePath + path, headers, agent })
        limitConnecting(request, connectTimeoutSeconds, clock)
        return request
      } catch (cause) {
        return badRequest('the request has characters that HTTP does not allow', cause)
      }
    },
    close() {
      agents.close()
      connection.close()
    },
  }
}

function currentAgents(hostname: string, tls: () => EndpointTls | undefined) {
  let used = tls()
  let agents = agentsFor(hostname, used)
  return {
    current() {
      const now = tls()
      if (now !== used) {
        retire(agents)
        used = now
        agents = agentsFor(hostname, now)
      }
      return agents
    },
    close: () => retire(agents),
  }
}

/** Connections for requests, which are used again, and for upgrades, which are not. */
function agentsFor(hostname: string, tls: EndpointTls | undefined) {
  // `timeout` ends idle connections only: nothing listens to it on those in use.
  const kept = { keepAlive: true, timeout: IDLE_MS, scheduling: 'lifo' } as const
  const once = { keepAlive: false, allowHalfOpen: true }
  if (tls === undefined) return { shared: keepingOwnAnswers(new Agent(kept)), alone: new Agent(once) }
  // Without a name Node works it out for each request.
  const named = { servername: isIP(hostname) === 0 ? hostname : '', ...tls }
  return {
    shared: keepingOwnAnswers(new TlsAgent({ ...kept, ...named })),
    alone: new TlsAgent({ ...once, ...named }),
  }
}

/** Closes what is idle; the other connections close once their responses are over. */
function retire({ shared }: ReturnType<typeof agentsFor>): void {
  shared.maxFreeSockets = 0
  for (const sockets of Object.values(shared.freeSockets)) {
    for (const socket of sockets ?? []) socket.destroy()
  }
}

/** So that a peer that is gone without a word is noticed. */
const PROBE_MS = 30_000

/** Ends a request whose connection, with its TLS, is not there in time. */
function limitConnecting(request: ClientRequest, seconds: number, clock: Clock): void {
  // Told as soon as the agent had a connection to use again.
  if (request.reusedSocket) return
  request.once('socket', (socket: Socket) => {
    if (request.reusedSocket) return
    socket.setKeepAlive(true, PROBE_MS)
    const cancel = clock.after(seconds * 1000, () =>
      request.destroy(new UpstreamTimeoutError(`no connection within ${seconds} seconds`)),
    )
    socket.once('encrypted' in socket ? 'secureConnect' : 'connect', cancel)
    socket.once('close', cancel)
  })
}

/** Ends a request that is sent, and whose response does not begin in time. @returns a function that ends the wait. */
export function limitWaiting(request: ClientRequest, seconds: number, clock: Clock): () => void {
  let cancel: (() => void) | undefined
  let isOver = false
  request.on('finish', () => {
    if (isOver) return
    cancel = clock.after(seconds * 1000, () =>
      request.destroy(new UpstreamTimeoutError(`no response within ${seconds} seconds`)),
    )
  })
  return () => {
    isOver = true
    cancel?.()
  }
}

/** What may be sent twice: the server either did not see the first, or it changed nothing. Source: RFC 9110 section 9.2.2. */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])
const LOST: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE'])

/** Whether a request whose connection was used before may be sent once more. */
export function isRepeatable(request: ClientRequest, hasBody: boolean): boolean {
  return request.reusedSocket && SAFE.has(request.method) && !hasBody
}

/** Whether the connection of a request was closed before a response. */
export function isLostConnection(error: unknown): boolean {
  return LOST.has(memberOf(error, 'code'))
}

/** Connections whose last response was for the last request. */
const inStep = new WeakSet<Socket>()

/**
 * Whether a response may be for the request that it seems to answer. HTTP/1.1 pairs them by their order alone, so an upstream that answers once more while the next request is under way would
 * have each user get the answer for another. API servers send the `Audit-ID` of the request back, also before those that a pod may have sent.
 *
 * A connection is used again only after a response with the right `Audit-ID`; so a response without one is for its request only if it is the first.
 */
export function isOwnAnswer(request: ClientRequest, response: IncomingMessage, auditId: string): boolean {
  const sent = valuesOf(response.rawHeaders, 'audit-id')
  const { socket } = response
  if (sent.includes(auditId)) {
    inStep.add(socket)
    return true
  }
  inStep.delete(socket)
  return sent.length === 0 && !request.reusedSocket
}

/** Has an agent keep a connection only after a response of {@link isOwnAnswer}, and until anything else arrives on it. */
function keepingOwnAnswers<A extends Agent>(agent: A): A {
  const keep = agent.keepSocketAlive.bind(agent)
  const reuse = agent.reuseSocket.bind(agent)
  return Object.assign(agent, {
    // All its connections are alike, so it need not make a name of their options twice for each request.
    getName: () => 'upstream',
    keepSocketAlive(socket: Socket): boolean {
      if (!inStep.has(socket) || socket.readableLength > 0) return false
      // By its types it returns nothing.
      const isKept: unknown = Reflect.apply(keep, agent, [socket])
      if (isKept === false) return false
      socket.on('data', destroyThis)
      return true
    },
    reuseSocket(socket: Socket, request: ClientRequest): void {
      socket.off('data', destroyThis)
      inStep.delete(socket)
      reuse(socket, request)
    },
  })
}

function destroyThis(this: Socket): void {
  this.destroy()
}
