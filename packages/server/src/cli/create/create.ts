import type { Command } from 'commander'
import { addBootstrapToken } from './bootstrap-token/command.ts'
import { addClientCertificate } from './client-certificate/command.ts'
import { addServiceAccount } from './serviceaccount/command.ts'
import { addSigningKey } from './signing-key/command.ts'
import { addToken } from './token/command.ts'

/** Adds `kube-authn create` and what it creates. */
export function addCreate(root: Command): void {
  const create = root
    .command('create')
    .summary('make tokens, keys, certificates and manifests')
    .description('Makes credentials, without a server. Files with secrets are for their owner only (0600).')
  for (const add of [addToken, addBootstrapToken, addServiceAccount, addSigningKey, addClientCertificate])
    add(create)
}
