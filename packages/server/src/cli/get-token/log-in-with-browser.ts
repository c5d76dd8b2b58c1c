import { spawn } from 'node:child_process'
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import * as oauth from 'oauth4webapi'
import { codeOf, Failure, failWith } from '../failure.ts'
import { note, type Terminal } from '../terminal/terminal.ts'
import type { Issuer } from './issuer.ts'
import type { LoginOptions } from './options.ts'
import type { Tokens } from './token-cache.ts'

/**
 * Logs in with a browser on this machine: authorization code with PKCE, and a redirect to a server on the loopback interface.
 *
 * Source: OpenID Connect Core 1.0 section 3.1, RFC 7636, RFC 8252 section 7.3.
 *
 * @throws {Failure} if the login is refused, or takes too long.
 */
export async function logInWithBrowser(
  terminal: Terminal,
  issuer: Issuer,
  options: LoginOptions,
): Promise<Tokens> {
  const { server, client, authentication, scope, request, step } = issuer
  const { authorization_endpoint: endpoint } = server
  if (endpoint === undefined)
    throw new Failure(`${server.issuer}: has no login with a browser: use --flow device-code`)
  const verifier = oauth.generateRandomCodeVerifier()
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()]
  const challenge = await oauth.calculatePKCECodeChallenge(verifier)
  const loopback = await loopbackServer(Number(options.redirectPort), (redirectUri) => {
    const url = new URL(endpoint)
    const parameters = {
      client_id: client.client_id,
      response_type: 'code',
      redirect_uri: redirectUri,
      scope,
      state,
      nonce,
      code_challenge: challenge,
      code_challenge_method: 'S256',
      // Without it, issuers ignore the scope.
      ...(scope.split(' ').includes('offline_access') && { prompt: 'consent' }),
    }
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
    return url.href
  })
  try {
    note(terminal, `Log in at ${loopback.address} with a browser on this machine`)
    if (options.open) openBrowser(loopback.address)
    const callback = await step(() => loopback.callback(request.signal))
    const tokens = await step(async () => {
      const parameters = oauth.validateAuthResponse(server, client, callback, state)
      const response = await oauth.authorizationCodeGrantRequest(
        server,
        client,
        authentication,
        parameters,
        loopback.redirectUri,
        verifier,
        request,
      )
      const expected = { expectedNonce: nonce, requireIdToken: true }
      return oauth.processAuthorizationCodeResponse(server, client, response, expected)
    })
    return issuer.tokensOf(tokens)
  } finally {
    loopback.close()
  }
}

/** The program that opens an address, and its first arguments. */
const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly [command: string, ...args: string[]]>>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
}

/** Opens an address in the browser of this machine, if there is one. The address is printed anyway. */
function openBrowser(address: string): void {
  const [command, ...args] = OPENERS[process.platform] ?? ['xdg-open']
  const child = spawn(command, [...args, address], { stdio: 'ignore', detached: true })
  // There is no such program, as on a server.
  child.on('error', () => {})
  child.unref()
}

interface LoopbackServer {
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
