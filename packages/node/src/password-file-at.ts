import type { PasswordAuthenticator } from '@kube-authn/core'
import { passwordFile, type PasswordFileOptions } from '@kube-authn/core/password-file'
import { fileSource, type FileSourceOptions } from './file-source/file-source.ts'

/** Options of {@link passwordFileAt}. */
export type PasswordFileAtOptions = Omit<PasswordFileOptions, 'file'> &
  Omit<FileSourceOptions<unknown>, 'parse'>

/**
 * Knows the passwords of a CSV file, and reads the file again when it changes (`--basic-auth-file`).
 *
 * @throws {CredentialFileError} when the content cannot be used; whatever reading the file throws.
 * @example
 * const passwords = passwordFileAt('/etc/kube-authn/passwords.csv')
 */
export function passwordFileAt(
  path: string,
  options: PasswordFileAtOptions = {},
): PasswordAuthenticator & { close(): void } {
  const source = fileSource(path, {
    ...options,
    parse: (content) => passwordFile(content, { ...options, file: path }),
  })
  return {
    name: 'passwordFile',
    authenticatePassword: (username, password, context) =>
      source.current().authenticatePassword(username, password, context),
    close: source.close,
  }
}
