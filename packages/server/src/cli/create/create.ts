import type { Command } from 'commander'
import type { Terminal } from '../terminal/terminal.ts'
import { declareBootstrapToken } from './bootstrap-token.ts'
import { declareClientCertificate } from './client-certificate.ts'
import { declareServiceAccount } from './serviceaccount.ts'
import { declareSigningKey } from './signing-key.ts'
import { declareToken } from './token.ts'

const COMMANDS = {
  token: declareToken,
  'bootstrap-token': declareBootstrapToken,
  serviceaccount: declareServiceAccount,
  'signing-key': declareSigningKey,
  'client-certificate': declareClientCertificate,
} as const

/** Declares `kube-authn create` and what it creates. */
export function declareCommand(command: Command, terminal: Terminal): void {
  command.description(
    'Makes credentials, without a server. Files with secrets are for their owner only (0600).',
  )
  for (const [name, declare] of Object.entries(COMMANDS)) declare(command.command(name), terminal)
}
