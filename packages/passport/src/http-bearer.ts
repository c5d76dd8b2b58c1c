import { authenticatorChain, type TokenAuthenticator } from '@kube-authn/core'
import { listOf, type OptionsShape } from '@kube-authn/core/adapter'
import { defined, aTokenAuthenticator, either, must, without } from '@kube-authn/core/internal'
import { Strategy as BearerStrategy } from 'passport-http-bearer'
import { takeActions, type StrategyActions, type NamedStrategy, proceed } from './strategy.ts'
import { decider, type DecideOptions, decideShape, isUnread, requireOptions, type Verdict } from './decide.ts'

/** Options of {@link httpBearer}. */
export interface HttpBearerOptions extends Omit<DecideOptions, 'anonymous' | 'challenges'> {
  /** The scope in the challenge; it is not checked. Default: none. */
  readonly scope?: string | readonly string[]
}

/** passport-http-bearer quotes both without escaping. */
const quotable = must(
  'must be printable ASCII without quotation marks',
  (value) => typeof value === 'string' && /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/.test(value),
)
const shape: OptionsShape<HttpBearerOptions> = {
  ...without(decideShape, 'anonymous', 'challenges'),
  realm: quotable,
  scope: either(Array.isArray, listOf(quotable), quotable),
}

/**
 * A ready-made passport-http-bearer: the strategy `bearer`, with a token authenticator. An app whose routes use `passport.authenticate('bearer')`
 * changes only the line that creates the strategy.
 *
 * passport-http-bearer parses the header and writes the challenges. Its faults are corrected: a malformed header is a 401 and not a 400, tokens in a
 * body or query are ignored, requests are isolated from each other, and an outage is not an `invalid_token`.
 *
 * Source: passport-http-bearer 1.0; RFC 6750.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * passport.use(httpBearer(tokenFileAt('tokens.csv')))
 */
export function httpBearer(tokens: TokenAuthenticator, options: HttpBearerOptions = {}): NamedStrategy {
  requireOptions(aTokenAuthenticator(tokens, 'tokens'), shape, options)
  const { realm = 'kubernetes-master', scope, ...rest } = options
  const challenge = { realm, ...(scope !== undefined && { scope: [scope].flat() }) }
  const { audiences } = rest
  const chain = authenticatorChain({ tokens: [tokens], ...defined({ audiences }) })
  const decide = decider(chain, rest)

  return {
    name: 'bearer',
    authenticate(req) {
      const actions = takeActions(this)
      const { authorization }: { readonly authorization?: unknown } = req.headers
      // A new strategy for each request, so that requests share no state.
      const ask = (header: string | undefined, onToken: (done: Done) => void): void => {
        const bearer = new BearerStrategy(challenge, (_token: string, done: Done) => onToken(done))
        Object.assign(bearer, actions, {
          // passport-http-bearer calls it without a string for a 400.
          fail: (text: unknown) => (typeof text === 'string' ? actions.fail(text, 401) : refuse(401)),
        })
        Reflect.apply(bearer.authenticate.bind(bearer), undefined, [{ headers: { authorization: header } }])
      }
      /** With its challenge for a missing token. */
      const refuse = (status: number): void => {
        if (status === 401) ask(undefined, () => undefined)
        else actions.fail(undefined, status)
      }
      const decideWith = (done: Done): void =>
        proceed(
          actions,
          () => decide(req),
          (verdict) => conclude(verdict, actions, done, refuse),
        )
      // The `Authorization` header may be among the dropped ones.
      if (isUnread(req)) decideWith(() => refuse(401))
      else ask(typeof authorization === 'string' ? authorization : undefined, decideWith)
    },
  }
}

type Done = (error: unknown, user?: object | false, info?: object) => void

function conclude(
  verdict: Verdict,
  actions: StrategyActions,
  done: Done,
  refuse: (status: number) => void,
): void {
  switch (verdict.kind) {
    case 'success':
      done(null, verdict.account, verdict.authentication)
      break
    case 'fail':
      if (verdict.isRejection) done(null, false)
      else refuse(verdict.status)
      break
    case 'error':
      actions.error(verdict.error)
      break
  }
}
