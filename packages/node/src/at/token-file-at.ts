import type { TokenAuthenticator } from '@kube-authn/core'
import { checkOptions } from '@kube-authn/core/adapter'
import { type TokenFileOptions, tokenFileSteps } from '@kube-authn/core/token-file'
import { fileShape } from '../options/reload-options.ts'
import { largeFileSource } from '../file-source/file-source.ts'
import type { FileSourceOptions } from '../options/reload-options.ts'
import { closeable, type Closeable } from '../options/closeable.ts'

/** Options of {@link tokenFileAt}. */
export type TokenFileAtOptions = Pick<TokenFileOptions, 'observer'> &
  Omit<FileSourceOptions<unknown>, 'parse'>

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
    steps: (content) =>
      tokenFileSteps(content, { source: path, ...(observer !== undefined && { observer }) }),
  })
  const authenticator: TokenAuthenticator = {
    name: 'tokenFile',
    authenticateToken: (token, context) => source.current().authenticateToken(token, context),
  }
  return closeable(authenticator, source.close)
}
