import type {
  AuthenticationRequest,
  Authenticator,
  Context,
  CredentialDescription,
  PasswordAuthenticator,
  TokenAuthenticator,
} from '@kube-authn/core'
import { aBoolean, checkOptions, type OptionsShape } from '@kube-authn/core/adapter'
import { anything, aString } from '@kube-authn/core/internal'
import type { Answer } from './answers.ts'

/** An authenticator with a given result. */
export interface FakeAuthenticator extends Authenticator {
  /** The recorded calls, in order. */
  readonly calls: readonly { readonly request: AuthenticationRequest; readonly context: Context }[]
}

/** A token authenticator with a given result. */
export interface FakeTokenAuthenticator extends TokenAuthenticator {
  /** The recorded calls, in order. */
  readonly calls: readonly { readonly token: string; readonly context: Context }[]
}

/** A password authenticator with a given result. */
export interface FakePasswordAuthenticator extends PasswordAuthenticator {
  /** The recorded calls, in order. */
  readonly calls: readonly {
    readonly username: string
    readonly password: string
    readonly context: Context
  }[]
}

/** Options of {@link fakeAuthenticator}. */
export interface FakeAuthenticatorOptions {
  /** Default `fake`. */
  readonly name?: string
  /** The credentials it declares. Default: none. */
  readonly credentials?: CredentialDescription
}

/** Options of {@link fakeTokenAuthenticator}. */
export interface FakeTokenAuthenticatorOptions {
  /** Default `fakeTokens`. */
  readonly name?: string
  /** Whether it checks audiences itself, as `TokenAuthenticator.audienceAware`. Default `false`. */
  readonly audienceAware?: boolean
}

/** Options of {@link fakePasswordAuthenticator}. */
export interface FakePasswordAuthenticatorOptions {
  /** Default `fakePasswords`. */
  readonly name?: string
}

const requestShape: OptionsShape<FakeAuthenticatorOptions> = { name: aString, credentials: anything }
const tokenShape: OptionsShape<FakeTokenAuthenticatorOptions> = { name: aString, audienceAware: aBoolean }
const passwordShape: OptionsShape<FakePasswordAuthenticatorOptions> = { name: aString }

/**
 * Returns the same result for every request, and records the calls.
 *
 * @param answer `always(user)`, `noOpinion()`, `fails(error)`, or a function of the request.
 * @example
 * const authenticator = fakeAuthenticator(always(fakeUser()))
 * app.use(authentication(authenticator))
 */
export function fakeAuthenticator(
  answer: Answer | Authenticator['authenticate'],
  options: FakeAuthenticatorOptions = {},
): FakeAuthenticator {
  checkOptions(requestShape, options)
  const calls: FakeAuthenticator['calls'][number][] = []
  return {
    name: options.name ?? 'fake',
    ...(options.credentials !== undefined && { credentials: options.credentials }),
    calls,
    authenticate(request, context) {
      calls.push({ request, context })
      return answer(request, context)
    },
  }
}

/**
 * Returns the same result for every token, and records the calls.
 *
 * @param answer `always(user)`, `noOpinion()`, `fails(error)`, or a function of the token.
 * @example
 * const tokens = fakeTokenAuthenticator((token) => (token === 'secret' ? { user: fakeUser() } : undefined))
 */
export function fakeTokenAuthenticator(
  answer: Answer | TokenAuthenticator['authenticateToken'],
  options: FakeTokenAuthenticatorOptions = {},
): FakeTokenAuthenticator {
  checkOptions(tokenShape, options)
  const calls: FakeTokenAuthenticator['calls'][number][] = []
  return {
    name: options.name ?? 'fakeTokens',
    ...(options.audienceAware !== undefined && { audienceAware: options.audienceAware }),
    calls,
    authenticateToken(token, context) {
      calls.push({ token, context })
      return answer(token, context)
    },
  }
}

/**
 * Returns the same result for every password, and records the calls.
 *
 * @param answer `always(user)`, `noOpinion()`, `fails(error)`, or a function of the password.
 * @example
 * const passwords = fakePasswordAuthenticator(fails(unavailable('the directory is down')))
 */
export function fakePasswordAuthenticator(
  answer: Answer | PasswordAuthenticator['authenticatePassword'],
  options: FakePasswordAuthenticatorOptions = {},
): FakePasswordAuthenticator {
  checkOptions(passwordShape, options)
  const calls: FakePasswordAuthenticator['calls'][number][] = []
  return {
    name: options.name ?? 'fakePasswords',
    calls,
    authenticatePassword(username, password, context) {
      calls.push({ username, password, context })
      return answer(username, password, context)
    },
  }
}
