import type { Command } from 'commander'
import { addLoginOptions, type LoginOptions } from './options.ts'

const AFTER = `
kubectl runs this command as a plug-in: kube-authn kubeconfig writes it down. The token is kept in $XDG_CACHE_HOME/kube-authn or
~/.cache/kube-authn, for its owner only (0600), until it expires, and is renewed with a refresh token if there is one. If
several commands need a token at once, one of them logs in.

The issuer must accept the redirect address http://127.0.0.1:PORT/callback, or have the device code flow.

Examples:
  kube-authn get-token --issuer-url https://issuer.example.com --client-id kubectl
  kube-authn get-token --issuer-url https://issuer.example.com --client-id kubectl --flow device-code --scope email`

/** Adds `kube-authn get-token`. */
export function addGetToken(root: Command): void {
  addLoginOptions(root.command('get-token'))
    .summary('log in with OpenID Connect, as a plug-in of kubectl')
    .description('Logs in with OpenID Connect, and prints the token as kubectl expects it from a plug-in.')
    .option('--timeout <duration>', 'how long to wait for the login', '3m')
    .option('--no-cache', 'neither read nor keep tokens')
    .addHelpText('after', AFTER)
    .action(async (options: GetTokenOptions) => {
      const { getToken } = await import('./get-token.ts')
      await getToken(options)
    })
}

/** The options of `kube-authn get-token`. */
export interface GetTokenOptions extends LoginOptions {
  readonly timeout: string
  readonly cache: boolean
}
