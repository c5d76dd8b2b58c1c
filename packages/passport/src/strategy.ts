import type { IncomingMessage } from 'node:http'
import type { Authenticator } from '@kube-authn/core'
import { aNonEmptyString, type OptionsShape } from '@kube-authn/core/adapter'
import { advise, aRequestAuthenticator, isPromiseLike } from '@kube-authn/core/internal'
import { decider, type DecideOptions, decideShape, requireOptions, type Verdict } from './decide.ts'

/** The functions that Passport gives a strategy for one request. A strategy ends by calling one of them, once. */
export interface StrategyActions {
  success(user: object, info?: object): void
  fail(challenge?: string | number, status?: number): void
  error(error: unknown): void
}

/**
 * The actions of this call.
 *
 * Passport sets them on the instance, where the next request replaces them while this one still waits: its user would go to the other request. So
 * they are read at once.
 */
export function takeActions(strategy: {
  // Declared as methods, they are compatible with any declaration of `Express.User`; here they are functions.
  readonly [Name in 'success' | 'fail' | 'error']: StrategyActions[Name]
}): StrategyActions {
  const { success, fail, error } = strategy
  return { success, fail, error }
}

/** Options of {@link Strategy}. */
export interface StrategyOptions extends DecideOptions {
  /** The name for `passport.authenticate`. Default `kube-authn`. */
  readonly name?: string
}

const shape: OptionsShape<StrategyOptions> = { ...decideShape, name: aNonEmptyString }

/** A strategy for `passport.use` and `passport.authenticate`. */
export interface NamedStrategy {
  readonly name: string
  readonly authenticate: (this: StrategyActions, req: IncomingMessage, options?: object) => void
}

/**
 * An authenticator as a Passport strategy, for apps that use Passport: `req.user` is the `UserInfo`, or what the option `user` returns, and
 * `req.authInfo` the whole `Authentication`.
 *
 * - An unauthenticated request fails with 401 and the challenges as a string; so do a bad credential and one that could not be checked. Passport
 *   tries the next strategy, and no request of a client causes a 400 or 500.
 * - A fault, such as a `TypeError` in an authenticator, is an `error`: Passport passes it to the app. So is a request from which Node dropped
 *   headers, with status 431: the next strategies would see only the others.
 * - It always completes, and once: an authenticator that takes longer than `timeoutSeconds` counts as unavailable.
 * - Requests are isolated from each other, whether the strategy is used by name or as an instance.
 *
 * After a success, the headers that carried the credential are removed from the request, as in every adapter.
 *
 * Source: Passport 0.7 `lib/middleware/authenticate.js`, passport-strategy 1.0.
 *
 * @throws {ConfigurationError} if an option is invalid, or the authenticator needs the certificates of TLS peers and the runtime does not provide
 *   them.
 * @example
 * passport.use(new Strategy(createAuthenticator({ tokenFile: 'tokens.csv' })))
 * app.use(passport.authenticate('kube-authn', { session: false }))
 */
export class Strategy implements NamedStrategy {
  readonly name: string
  /** Passport calls it with the actions of one request as `this`. */
  readonly authenticate: (this: StrategyActions, req: IncomingMessage, options?: object) => void

  constructor(authenticator: Authenticator, options: StrategyOptions = {}) {
    requireOptions(aRequestAuthenticator(authenticator, 'authenticator'), shape, options)
    const { name = 'kube-authn', ...rest } = options
    const decide = decider(authenticator, rest)
    this.name = name
    // Not a method with private fields: Passport calls it on an object derived from this one.
    this.authenticate = function authenticate(req, given) {
      const actions = takeActions(this)
      proceed(
        actions,
        () => decide(req),
        (verdict) => {
          if (verdict.kind === 'success' && needsSession(req, given))
            advise(rest.log, 'KUBE_AUTHN_NO_SESSION')
          act(actions, verdict)
        },
      )
    }
  }
}

/** Whether Passport will fail after a success: it stores the user in a session, unless it is told not to. */
function needsSession(req: object, given: object = {}): boolean {
  const { session, assignProperty }: { readonly session?: unknown; readonly assignProperty?: unknown } = given
  return session !== false && assignProperty === undefined && !('session' in req)
}

/** Continues with a verdict, now or later. Errors before and after it go to `actions.error`, since otherwise they would be unhandled. */
export function proceed(
  actions: StrategyActions,
  decide: () => ReturnType<ReturnType<typeof decider>>,
  goOn: (verdict: Verdict) => void,
): void {
  let verdict: ReturnType<typeof decide>
  try {
    verdict = decide()
  } catch (error) {
    actions.error(error)
    return
  }
  if (isPromiseLike(verdict))
    void verdict.then(goOn).then(undefined, (error: unknown) => actions.error(error))
  else goOn(verdict)
}

function act(actions: StrategyActions, verdict: Verdict): void {
  switch (verdict.kind) {
    case 'success':
      actions.success(verdict.account, verdict.authentication)
      break
    case 'fail':
      // With a status, since Passport uses the first one: the next strategy's may be 400.
      actions.fail(verdict.challenge, verdict.status)
      break
    case 'error':
      actions.error(verdict.error)
      break
  }
}
