import { notify } from '@kube-authn/core'
import { type VerificationKey, verificationKeysFromPem } from '@kube-authn/core/jwt'
import type { FileSource, ReloadOptions } from './file-source/reloading-source.ts'
import { watchedText } from './file-source/watched-text.ts'

const MAX_BYTES = 1_048_576

/**
 * The keys in files of `--service-account-key-file`, which are read again when they change. A bad new version of a file changes
 * nothing.
 *
 * Source: kubernetes `pkg/kubeapiserver/authenticator/config.go` (`newServiceAccountAuthenticator`).
 *
 * Deviation: kube-apiserver reads key files once (`docs/deviations.md`, reload of credential files).
 *
 * @throws {ConfigurationError} when there is no key in a file, or one cannot be used; whatever reading throws.
 * @example
 * const keys = await verificationKeysAt(['/etc/kubernetes/pki/sa.pub'])
 * const authenticator = createAuthenticator({ serviceAccounts: { issuers, keys: keys.current, objects } })
 */
export async function verificationKeysAt(
  paths: readonly string[],
  options: ReloadOptions = {},
): Promise<FileSource<readonly VerificationKey[]>> {
  const files: FileSource<readonly VerificationKey[]>[] = []
  const close = (): void => {
    for (const file of files) file.close()
  }
  try {
    for (const path of paths) files.push(await keysAt(path, options))
  } catch (error) {
    close()
    throw error
  }
  return { current: () => files.flatMap((file) => file.current()), close }
}

async function keysAt(path: string, options: ReloadOptions): Promise<FileSource<readonly VerificationKey[]>> {
  const { observer } = options
  let keys: readonly VerificationKey[] = []
  /** The latest one wins, whichever is understood first. */
  let latest = 0

  const take = async (text: string): Promise<void> => {
    const mine = ++latest
    try {
      const next = await verificationKeysFromPem(text)
      if (mine !== latest) return
      keys = next
      notify(observer, { type: 'reload', source: path, outcome: 'loaded' })
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error('the keys cannot be used', { cause: thrown })
      notify(observer, { type: 'reload', source: path, outcome: 'failed', error })
    }
  }

  const file = watchedText(path, { ...options, maxBytes: MAX_BYTES, onChange: (text) => void take(text) })
  try {
    const mine = ++latest
    const first = await verificationKeysFromPem(file.current())
    if (mine === latest) keys = first
  } catch (error) {
    file.close()
    throw error
  }
  return { current: () => keys, close: file.close }
}
