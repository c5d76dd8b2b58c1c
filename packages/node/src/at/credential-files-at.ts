import { defined, without } from '@kube-authn/core/internal'
import type { TokenAuthenticator, PasswordAuthenticator } from '@kube-authn/core'
import { checkOptions, type OptionsShape } from '@kube-authn/core/adapter'
import { type TokenFileOptions, tokenFileSteps } from '@kube-authn/core/token-file'
import { fileShape, type FileOptions, RELOAD_OPTIONS, reloadOf } from '../options/reload-options.ts'
import { largeFileSource } from '../file-source/file-source.ts'
import { closeable, type Closeable } from '../options/closeable.ts'
import {
  type PasswordFileOptions,
  passwordFileShape,
  passwordFileSteps,
} from '@kube-authn/core/password-file'

/** Options of {@link tokenFileAt}. */
export type TokenFileAtOptions = Pick<TokenFileOptions, 'observer'> & FileOptions

/**
 * Authenticates by the bearer tokens of a CSV file, which is reloaded when it changes (`--token-auth-file`).
 *
 * @throws {CredentialFileError} if the content is invalid; any error of reading the file.
 * @example
 * const tokens = tokenFileAt('/etc/kube-authn/tokens.csv')
 */
export function tokenFileAt(path: string, options: TokenFileAtOptions = {}): TokenAuthenticator & Closeable {
  checkOptions(fileShape, options)
  const { observer } = options
  const source = largeFileSource(path, {
    ...options,
    steps: (content) => tokenFileSteps(content, { source: path, ...defined({ observer }) }),
  })
  const authenticator: TokenAuthenticator = {
    name: 'tokenFile',
    authenticateToken: (token, context) => source.current().authenticateToken(token, context),
  }
  return closeable(authenticator, source.close)
}

/** Options of {@link passwordFileAt}. */
export type PasswordFileAtOptions = Omit<PasswordFileOptions, 'source'> & FileOptions

export const passwordFileAtShape: OptionsShape<PasswordFileAtOptions> = {
  ...without(passwordFileShape, 'source'),
  ...fileShape,
}

/**
 * Authenticates by the passwords of a CSV file, which is reloaded when it changes (`--basic-auth-file`).
 *
 * @throws {CredentialFileError} if the content is invalid; any error of reading the file.
 * @example
 * const passwords = passwordFileAt('/etc/kube-authn/passwords.csv')
 */
export function passwordFileAt(
  path: string,
  options: PasswordFileAtOptions = {},
): PasswordAuthenticator & Closeable {
  checkOptions(passwordFileAtShape, options)
  const { maxBytes } = options
  const ofContent = without(options, 'maxBytes', ...RELOAD_OPTIONS)
  const source = largeFileSource(path, {
    ...reloadOf(options),
    ...defined({ maxBytes }),
    steps: (content) => passwordFileSteps(content, { ...ofContent, source: path }),
  })
  const authenticator: PasswordAuthenticator = {
    name: 'passwordFile',
    authenticatePassword: (username, password, context) =>
      source.current().authenticatePassword(username, password, context),
  }
  return closeable(authenticator, source.close)
}
