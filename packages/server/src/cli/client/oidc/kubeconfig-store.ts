import { accessSync, constants, realpathSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { type OidcProvider, parseClientKubeconfig } from '@kube-authn/node/internal'
import { Failure } from '../../failure.ts'
import { alone } from '../../process-lock.ts'
import { withKubectlLock } from '../../kubeconfig/kubectl-lock.ts'
import { withProviderFields } from '../../kubeconfig/tokens.ts'
import { readText, STDIN } from '../../terminal/input.ts'
import { codeOf, writeNewFile } from '../../terminal/new-file.ts'
import type { TokenStore } from './oidc-source.ts'
import type { Terminal } from '../../terminal/terminal.ts'

/** Options of {@link kubeconfigStore}. */
export interface KubeconfigStoreOptions {
  readonly terminal: Terminal
  readonly path: string
  /** The context; absent for the current one. */
  readonly context?: string
  /** The name of the user. */
  readonly user: string
  readonly provider: OidcProvider
}

const MAX_BYTES = 1_048_576
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
    const text = await readText(terminal, path, MAX_BYTES)
    const parsed = parseClientKubeconfig(text, {
      folder: dirname(path),
      source: path,
      ...(context !== undefined && { context }),
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
          writeNewFile(real, changed, { replaces: true, like: statSync(real) })
        },
        { waitMs: WRITE_WAIT_MS },
      )
    },
  }
}

/** The file behind links. @throws {Failure} if it cannot be replaced. */
function writablePath(path: string): string {
  if (path === STDIN) throw notWritable('standard input')
  try {
    const real = realpathSync(path)
    accessSync(real, constants.W_OK)
    accessSync(dirname(real), constants.W_OK)
    // A new file in its place would be ours.
    const isOurs = [0, undefined, statSync(real).uid].includes(process.getuid?.())
    if (!isOurs) throw notWritable(`${path}: it belongs to another user`)
    return real
  } catch (error) {
    throw error instanceof Failure ? error : notWritable(`${path}: cannot be written (${codeOf(error)})`)
  }
}

function notWritable(why: string): Failure {
  return new Failure(`could not persist new tokens: ${why}`)
}
