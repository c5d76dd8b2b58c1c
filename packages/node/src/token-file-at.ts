import type { TokenAuthenticator } from '@kube-authn/core'
import { tokenFileSteps, type TokenFileOptions } from '@kube-authn/core/token-file'
import { checkOptions } from '@kube-authn/core/options'
import { fileShape } from './options/reload-shape.ts'
import { largeFileSource, type FileSourceOptions } from './file-source/file-source.ts'

/** Options of {@link tokenFileAt}. */
export type TokenFileAtOptions = Pick<TokenFileOptions, 'observer'> &
  Omit<FileSourceOptions<unknown>, 'parse'>

/**
 * Knows the bearer tokens of a CSV file, and reads the file again when it changes (`--token-auth-file`).
 *
 * @throws {CredentialFileError} when the content cannot be used; whatever reading the file throws.
 * @example
 * const tokens = tokenFileAt('/etc/kube-authn/tokens.csv')
 */
export function tokenFileAt(
  path: string,
  options: TokenFileAtOptions = {},
): TokenAuthenticator & { close(): void } {
  checkOptions(fileShape, options)
  const { observer } = options
  const source = largeFileSource(path, {
    ...options,
    steps: (content) => tokenFileSteps(content, { file: path, ...(observer !== undefined && { observer }) }),
  })
  return {
    name: 'tokenFile',
    authenticateToken: (token, context) => source.current().authenticateToken(token, context),
    close: source.close,
  }
}
