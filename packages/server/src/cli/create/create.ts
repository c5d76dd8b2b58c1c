import type { Command } from 'commander'
import { addBootstrapToken } from './bootstrap-token.ts'
import { addClientCertificate } from './client-certificate.ts'
import { addServiceAccount } from './serviceaccount.ts'
import { addSigningKey } from './signing-key.ts'
import { addToken } from './token.ts'
import type { Terminal } from '../terminal/terminal.ts'

/** Declares `kube-authn create` and what it creates. */
export function declareCreate(command: Command, terminal: Terminal): void {
  command.description(
    'Makes credentials, without a server. Files with secrets are for their owner only (0600).',
  )
  for (const add of [addToken, addBootstrapToken, addServiceAccount, addSigningKey, addClientCertificate])
    add(command, terminal)
}
