import { accessSync, constants, realpathSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { type OidcProvider, parseClientKubeconfig } from '@kube-authn/node/internal'
import { defined } from '@kube-authn/core/internal'
import { codeOf, Failure, orFail } from '../../failure.ts'
import { alone, withKubectlLock } from '../../lock-file.ts'
import { withProviderFields } from '../../kubeconfig/kubeconfig-file.ts'
import { readText, STDIN } from '../../terminal/input.ts'
import { writeNewFile } from '../../terminal/new-file.ts'
import type { TokenStore } from './oidc-source.ts'
import type { Terminal } from '../../terminal/terminal.ts'

export interface KubeconfigStoreOptions {
  readonly terminal: Terminal
  readonly path: string
  /** The context; absent for the current one. */
  readonly context?: string
  /** The name of the user. */
  readonly user: string
  readonly provider: OidcProvider
}

/** How long another process may take to renew the tokens. */
const WAIT_MS = 60_000
/** How long another program may write. */
const WRITE_WAIT_MS = 5_000

/**
 * Keeps the tokens of a provider in its kubeconfig: in one step, with kubectl's lock, and with owner, mode, comments and links as they are. The file must be
 * writable before a refresh token is used, since some issuers take each once.
 *
 * Source: client-go `tools/clientcmd/config.go` (ModifyConfig, PersisterForUser).
 */
export function kubeconfigStore({
  terminal,
  path,
  context,
  user,
  provider,
}: KubeconfigStoreOptions): TokenStore {
  const read = async (): Promise<{ readonly text: string; readonly found: OidcProvider }> => {
    const text = await readText(terminal, path)
    const parsed = parseClientKubeconfig(text, {
      folder: dirname(path),
      source: path,
      ...defined({ context }),
    })
    const { provider: found } = parsed
    const isSame =
      parsed.user === user && found?.issuerUrl === provider.issuerUrl && found.clientId === provider.clientId
    if (!isSame) throw new Failure(`${path}: another program has changed the user`)
    return { text, found }
  }

  return {
    async exclusively(work) {
      const real = writablePath(path)
      const signal = AbortSignal.timeout(WAIT_MS)
      return alone(`${real}.kube-authn.lock`, 'refresh', signal, async () => {
        const { text, found } = await read()
        withProviderFields(text, path, user, new Map())
        return work(found)
      })
    },
    async write({ idToken, refreshToken }) {
      const real = writablePath(path)
      const fields = new Map([['id-token', idToken]])
      if (refreshToken !== undefined) fields.set('refresh-token', refreshToken)
      await withKubectlLock(
        real,
        async () => {
          const { text } = await read()
          const changed = withProviderFields(text, path, user, fields)
          await writeNewFile(real, changed, { replaces: true, like: statSync(real) })
        },
        WRITE_WAIT_MS,
      )
    },
  }
}

/** The file behind links. @throws {Failure} if it cannot be replaced. */
function writablePath(path: string): string {
  const cannot = 'could not persist new tokens'
  if (path === STDIN) throw new Failure(`${cannot}: standard input`)
  return orFail(
    () => {
      const real = realpathSync(path)
      accessSync(real, constants.W_OK)
      accessSync(dirname(real), constants.W_OK)
      // A new file in its place would be ours.
      const isOurs = [0, undefined, statSync(real).uid].includes(process.getuid?.())
      if (!isOurs) throw new Failure(`${cannot}: ${path}: it belongs to another user`)
      return real
    },
    (error) => `${cannot}: ${path}: cannot be written (${codeOf(error)})`,
  )
}
