import type { IncomingMessage } from 'node:http'
import { type Authenticator, isPromiseLike } from '@kube-authn/core'
import { actionsOf, type StrategyActions } from './actions.ts'
import { aNonEmptyString, aRequestAuthenticator, type OptionsShape } from '@kube-authn/core/options'
import { decider, type DecideOptions, decideShape, requireOptions, type Verdict } from './decide.ts'

/** Options of {@link Strategy}. */
export interface StrategyOptions extends DecideOptions {
  /** What `passport.authenticate` calls it. Default `kube-authn`. */
  readonly name?: string
}

const shape: OptionsShape<StrategyOptions> = { ...decideShape, name: aNonEmptyString }

/** A strategy as `passport.use` and `passport.authenticate` take it. */
export interface NamedStrategy {
  readonly name: string
  readonly authenticate: (this: StrategyActions, req: IncomingMessage) => void
}

/**
 * An authenticator as a Passport strategy, for apps that live on Passport: `req.user` is the `UserInfo`, or what the option
 * `user` makes of it, and `req.authInfo` the whole `Authentication`.
 *
 * - Somebody who is not known fails, with 401 and the challenges as a text; so do a bad credential and one that could not be
 *   checked. The next strategy is asked, and nothing a client sends is answered with 400 or 500.
 * - A fault, such as a `TypeError` in an authenticator, is an `error`: Passport hands it to the app.
 *   So is a request that Node left headers out of, with the status 431: the strategies that come next would go by the others.
 * - It answers once, and always: an authenticator that takes longer than `timeoutSeconds` counts as one that could not tell.
 * - Requests never see each other, whether the strategy is used by its name or as an instance.
 *
 * After a success, the headers that carried the credential are removed from the request, as in every adapter.
 *
 * Source: Passport 0.7 `lib/middleware/authenticate.js`, passport-strategy 1.0.
 *
 * @throws {ConfigurationError} when the options cannot work, or the authenticator needs the certificates of TLS peers and the
 *   runtime does not tell them.
 * @example
 * passport.use(new Strategy(createAuthenticator({ tokenFile: 'tokens.csv' })))
 * app.use(passport.authenticate('kube-authn', { session: false }))
 */
export class Strategy implements NamedStrategy {
  readonly name: string
  /** What Passport calls. `this` has the actions of one request. */
  readonly authenticate: (this: StrategyActions, req: IncomingMessage) => void

  constructor(authenticator: Authenticator, options: StrategyOptions = {}) {
    requireOptions(aRequestAuthenticator(authenticator, 'authenticator'), shape, options)
    const { name = 'kube-authn', ...rest } = options
    const decide = decider(authenticator, rest)
    this.name = name
    // Not a method with private fields: Passport calls it on an object that it derives from this one.
    this.authenticate = function authenticate(req) {
      const actions = actionsOf(this)
      proceed(
        actions,
        () => decide(req),
        (verdict) => act(actions, verdict),
      )
    }
  }
}

/** Goes on with a verdict, now or later. A fault on the way to it is told, and so is what goes wrong later, which nobody else would catch. */
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
      // With a status, since the first one decides: the next strategy's may be 400.
      actions.fail(verdict.challenge, verdict.status)
      break
    case 'error':
      actions.error(verdict.error)
      break
  }
}
