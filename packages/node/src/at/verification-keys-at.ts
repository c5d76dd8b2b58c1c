import { ConfigurationError } from '@kube-authn/core'
import {
  finish,
  isConfigurationError,
  nonEmptyListOf,
  optionProblems,
  refuseProblems,
} from '@kube-authn/core/internal'
import { notify } from '@kube-authn/core/adapter'
import { type VerificationKey, verificationKeysFromPem } from '@kube-authn/core/service-account'
import { type SigningKey, signingKeyFromPem } from '@kube-authn/issuer'
import { aPath } from '../options/file-option.ts'
import { reloadShape } from '../options/reload-options.ts'
import { type FileSource, type ReloadOptions, reportFailed } from '../file-source/reloading-source.ts'
import { watchedText } from '../file-source/file-source.ts'
import { latin1, MAX_TEXT_BYTES, readSteps } from '../file-source/read-file.ts'
import { closeable } from '../options/closeable.ts'

/** Options of {@link verificationKeysAt}. */
export type VerificationKeysAtOptions = ReloadOptions

/**
 * The keys in files of `--service-account-key-file`, which are reloaded when they change. A bad new version of a file changes nothing.
 *
 * Source: kubernetes `pkg/kubeapiserver/authenticator/config.go` (`newServiceAccountAuthenticator`).
 *
 * Deviation: kube-apiserver reads key files once (`docs/deviations.md`, reload of credential files).
 *
 * @throws {ConfigurationError} if there is no file, a file has no key, or a key cannot be used; any error of reading the files.
 * @example
 * const keys = await verificationKeysAt(['/etc/kubernetes/pki/sa.pub'])
 * const authenticator = createAuthenticator({ serviceAccounts: { issuers, keys: keys.current, objects } })
 */
export async function verificationKeysAt(
  paths: readonly string[],
  options: VerificationKeysAtOptions = {},
): Promise<FileSource<readonly VerificationKey[]>> {
  refuseProblems(nonEmptyListOf(aPath)(paths, 'paths'), optionProblems(reloadShape, options))
  const opened = await Promise.allSettled(paths.map((path) => keysAt(path, options)))
  const files = opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  const errors = opened.flatMap((each): unknown[] => (each.status === 'rejected' ? [each.reason] : []))
  const close = (): void => {
    for (const file of files) file.close()
  }
  if (errors.length > 0) {
    close()
    throw firstOrAll(errors)
  }
  return closeable({ current: () => files.flatMap((file) => file.current()) }, close)
}

/** All problems of the files, or the error of a file that could not be read. */
function firstOrAll(errors: readonly unknown[]): unknown {
  const unread = errors.find((error) => !isConfigurationError(error))
  return (
    unread ??
    new ConfigurationError(errors.flatMap((error) => (isConfigurationError(error) ? error.problems : [])))
  )
}

async function keysAt(path: string, options: ReloadOptions): Promise<FileSource<readonly VerificationKey[]>> {
  const { observer } = options
  let keys: readonly VerificationKey[] = []
  let versions = 0
  let counting = 0

  /** The latest version wins, in whatever order the versions finish parsing. */
  const understand = async (text: string): Promise<boolean> => {
    const version = ++versions
    const next = await verificationKeysFromPem(text)
    if (version < counting) return false
    counting = version
    keys = next
    return true
  }

  const take = async (text: string): Promise<void> => {
    try {
      if (await understand(text)) notify(observer, { type: 'reload', source: path, outcome: 'loaded' })
    } catch (error) {
      reportFailed(observer, path, error, 'the keys cannot be used')
    }
  }

  const onChange = (text: string): void => void take(text)
  const file = watchedText(path, { ...options, decoder: latin1, onChange })
  try {
    await understand(file.current())
  } catch (error) {
    file.close()
    throw inFile(path, error)
  }
  return closeable({ current: () => keys }, file.close)
}

/**
 * The key in a file of `--service-account-signing-key-file`, which is read once.
 *
 * @throws {ConfigurationError} if there is no key, or it cannot sign; any error of reading the file.
 */
export async function signingKeyAt(path: string): Promise<SigningKey> {
  const pem = latin1.decode(finish(readSteps(path, MAX_TEXT_BYTES)))
  try {
    return await signingKeyFromPem(pem)
  } catch (error) {
    throw inFile(path, error)
  }
}

/** The same problems, which name the file. */
function inFile(path: string, error: unknown): unknown {
  if (!isConfigurationError(error)) return error
  return new ConfigurationError(error.problems.map(({ message }) => ({ path, message })))
}
