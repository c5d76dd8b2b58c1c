import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  type AuthenticateRequestOptions,
  authenticateRequest,
  type Authenticator,
  isPromiseLike,
  type RequestOutcome,
  type StatusError,
  warningHeader,
} from '@kube-authn/core'
import {
  applyHeaderChanges,
  closeConnection,
  incomingMessageRequest,
  requirePeerCertificates,
} from '@kube-authn/core/incoming-message'
import { setAuthentication } from './accessors.ts'

/** Options of {@link authentication}. */
export interface AuthenticationOptions extends AuthenticateRequestOptions {
  /**
   * Takes over when a request is refused. What it throws goes to Express' error handling, so
   * `(error) => { throw error }` leaves the answer to your error middleware. Default: the answer is a `Status` in JSON.
   */
  readonly onFailure?: (
    error: StatusError,
    req: IncomingMessage,
    res: ServerResponse,
    next: (error?: unknown) => void,
  ) => unknown
}

/** A middleware of Express, Connect, Polka, Restify and whatever else calls them like this. */
export type AuthenticationMiddleware = (
  req: IncomingMessage,
  res: ServerResponse,
  next: (error?: unknown) => void,
) => void

/**
 * Lets a request pass when the authenticator knows who makes it: as `req.user`, and for `getUser(req)`. Answers 401 otherwise.
 *
 * The headers that carried the credential are removed from the request.
 *
 * @throws {ConfigurationError} when the options cannot work, or the authenticator needs the certificates of TLS peers and the
 *   runtime does not tell them.
 * @example
 * app.use(authentication(authenticator))
 * app.get('/', (req, res) => res.send(`Hello ${getUser(req).username}`))
 */
export function authentication(
  authenticator: Authenticator,
  options: AuthenticationOptions = {},
): AuthenticationMiddleware {
  const authenticate = authenticateRequest(authenticator, options)
  requirePeerCertificates(authenticator)
  const { onFailure = answer } = options

  const proceed = (
    outcome: RequestOutcome,
    req: IncomingMessage,
    res: ServerResponse,
    next: (error?: unknown) => void,
  ): unknown => {
    if (outcome.closesConnection) closeConnection(req)
    if ('failure' in outcome) return onFailure(outcome.failure, req, res, next)
    for (const text of outcome.warnings) res.appendHeader('Warning', warningHeader(text))
    applyHeaderChanges(req, outcome.headerChanges)
    setAuthentication(req, outcome.authentication)
    return next()
  }

  return function authentication(req, res, next) {
    const outcome = authenticate(incomingMessageRequest(req, originalUrlOf(req)))
    if (isPromiseLike(outcome)) {
      void outcome.then((late) => settled(() => proceed(late, req, res, next), next))
    } else {
      settled(() => proceed(outcome, req, res, next), next)
    }
  }
}

/** Express takes no notice of a promise in version 4, so what goes wrong is always told through `next`. */
function settled(step: () => unknown, next: (error?: unknown) => void): void {
  try {
    const result = step()
    if (result instanceof Promise) result.catch(next)
  } catch (error) {
    next(error)
  }
}

function answer(error: StatusError, _req: IncomingMessage, res: ServerResponse): void {
  res.statusCode = error.status
  for (const [name, value] of Object.entries(error.headers)) res.setHeader(name, value)
  res.end(JSON.stringify(error.body))
}

/** Express changes `url` below a mount point and keeps what was sent. */
function originalUrlOf(req: IncomingMessage): string | undefined {
  return 'originalUrl' in req && typeof req.originalUrl === 'string' ? req.originalUrl : req.url
}
