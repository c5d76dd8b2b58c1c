import type { Command } from 'commander'
import { Failure } from '../failure.ts'
import { choiceOption, collect } from '../terminal/options.ts'

const FLOWS = ['browser', 'device-code'] as const

/** The options that say where and how to log in: of `get-token`, and of `kubeconfig`, which writes them down. */
export interface LoginOptions {
  readonly issuerUrl: string
  readonly clientId: string
  readonly clientSecretFile?: string
  readonly scope: readonly string[]
  readonly caFile?: string
  readonly flow: (typeof FLOWS)[number]
  readonly redirectPort: string
  readonly open: boolean
}

export function addLoginOptions(command: Command): Command {
  return command
    .requiredOption('--issuer-url <url>', 'the OpenID Connect issuer, over https')
    .requiredOption('--client-id <id>', 'the client ID, as in --oidc-client-id')
    .option('--client-secret-file <file>', 'the secret of the client is in this file, if it has one')
    .option(
      '--scope <scope>',
      'a scope besides openid; may be repeated; offline_access for refresh tokens',
      collect,
      [],
    )
    .option('--ca-file <file>', 'the CAs of the issuer in PEM, instead of those of the system')
    .addOption(
      choiceOption('--flow <flow>', 'log in with a browser here, or with one elsewhere by a code', FLOWS),
    )
    .option(
      '--redirect-port <port>',
      'the port of http://127.0.0.1 that the browser returns to; 0 is any',
      '0',
    )
    .option('--no-open', 'print the address, and do not open a browser')
}

/** @throws {Failure} if an option of a login is invalid. */
export function checkLogin({ redirectPort, issuerUrl, clientId, scope }: LoginOptions): void {
  if (!/^\d{1,5}$/.test(redirectPort) || Number(redirectPort) > 65_535) {
    throw new Failure('--redirect-port: must be a port, or 0 for any')
  }
  if (!URL.canParse(issuerUrl) || new URL(issuerUrl).protocol !== 'https:') {
    throw new Failure('--issuer-url: must be an https URL')
  }
  if (clientId === '') throw new Failure('--client-id: must not be empty')
  if (scope.some((each) => !/^[!#-[\]-~]+$/.test(each))) {
    throw new Failure('--scope: must be one scope; repeat --scope for several')
  }
}
