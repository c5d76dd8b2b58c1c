import { createBootstrapToken } from '@kube-authn/core/bootstrap-token'
import { stringify } from 'yaml'
import { durationSeconds } from '../terminal/duration.ts'
import { refuseExisting, writeNewFile } from '../terminal/new-file.ts'
import { writeOut } from './out.ts'
import type { BootstrapTokenOptions } from './bootstrap-token/command.ts'

/** Prints a bootstrap token, and writes the manifest of its Secret. */
export async function createBootstrap(options: BootstrapTokenOptions): Promise<void> {
  const { secretFile, ttl, group, description, signing = false, force = false } = options
  if (!force) refuseExisting(options.out === undefined ? [secretFile] : [secretFile, options.out])
  const { token, secret } = createBootstrapToken({
    expirationSeconds: durationSeconds(ttl, '--ttl'),
    groups: group,
    signing,
    ...(description !== undefined && { description }),
  })
  const { namespace, name, type, data } = secret
  const manifest = { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, type, stringData: data }
  writeNewFile(secretFile, stringify(manifest), { replaces: force })
  await writeOut(`${token}\n`, options)
}
