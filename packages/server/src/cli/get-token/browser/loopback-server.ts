import { randomBytes, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { codeOf, Failure, failWith } from '../../failure.ts'

/** A server for one login. */
export interface LoopbackServer {
  /** Where the browser begins. It has no secret, since it becomes an argument of a process. */
  readonly address: string
  readonly redirectUri: string
  /** Resolves to the address that the issuer sends the browser to. Rejects when the signal aborts. */
  callback(signal: AbortSignal): Promise<URL>
  close(): void
}

/**
 * Listens on the loopback interface for the end of a login.
 *
 * The browser that begins the login gets a cookie, and only that one can end it. So another user of this machine, who sees the address, can
 * neither begin it unnoticed nor end it with an account of their own.
 *
 * @param authorizationUrl returns the address of the issuer's login, for the address to return to.
 * @throws {Failure} if the port is in use.
 */
export async function loopbackServer(
  port: number,
  authorizationUrl: (redirectUri: string) => string,
): Promise<LoopbackServer> {
  const server = createServer({ maxHeaderSize: 65_536 })
  const bound = await listening(server, port)
  const origin = `http://127.0.0.1:${bound}`
  const redirectUri = `${origin}/callback`
  const cookie = randomBytes(32).toString('base64url')
  let hasBegun = false
  let done = (_url: URL): void => {}
  const called = new Promise<URL>((resolve) => {
    done = resolve
  })
  server.on('request', (request, response) => {
    // Another name for this address is that of a page which tries to read from it.
    if (request.method !== 'GET' || request.headers.host !== `127.0.0.1:${bound}`) {
      answer(response, 403, 'This is not for you.')
      return
    }
    const { url: target = '/' } = request
    if (!URL.canParse(target, origin)) {
      answer(response, 404, 'There is nothing here.')
      return
    }
    const url = new URL(target, origin)
    const isOurs = hasCookie(request, cookie)
    if (url.pathname === '/' && (!hasBegun || isOurs)) {
      hasBegun = true
      response.setHeader('set-cookie', `${COOKIE}=${cookie}; HttpOnly; SameSite=Lax; Path=/`)
      response.setHeader('location', authorizationUrl(redirectUri))
      answer(response, 302, 'Go on to the issuer.')
    } else if (url.pathname === '/callback' && isOurs) {
      answer(response, 200, 'You can close this page, and go back to the terminal.')
      done(url)
    } else if (url.pathname === '/' || url.pathname === '/callback') {
      answer(response, 403, 'This login was begun in another browser. Run the command again.')
    } else answer(response, 404, 'There is nothing here.')
  })
  return {
    address: `${origin}/`,
    redirectUri,
    callback: (signal) =>
      Promise.race([
        called,
        once(signal, 'abort').then(() => {
          throw new Failure('no login in time')
        }),
      ]),
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

async function listening(server: Server, port: number): Promise<number> {
  await once(server.listen(port, '127.0.0.1'), 'listening').catch(
    failWith((error) => `--redirect-port: port ${port} cannot be used (${codeOf(error)})`),
  )
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}

const COOKIE = 'kube-authn-login'

function hasCookie({ headers }: IncomingMessage, expected: string): boolean {
  const prefix = `${COOKIE}=`
  const values = (headers.cookie ?? '').split(/;\s*/).filter((each) => each.startsWith(prefix))
  return values.some((each) => {
    const value = Buffer.from(each.slice(prefix.length))
    return value.length === expected.length && timingSafeEqual(value, Buffer.from(expected))
  })
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    connection: 'close',
  })
  response.end(`${text}\n`)
}
