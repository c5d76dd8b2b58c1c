import type { Command } from 'commander'
import { optionFor } from '../serve/command.ts'
import { PROXY_HELP } from './flag-help.ts'

const AFTER = `
Users are authenticated by the flags of kube-apiserver, and the cluster need not know them: the proxy sends its own credential
with Impersonate-User, -Group, -Uid and -Extra headers. Its user needs the verb impersonate; docs/proxy.md has the roles.

Examples:
  kube-authn proxy --upstream=proxy.kubeconfig --tls-cert-file=tls.crt --tls-private-key-file=tls.key \\
    --oidc-issuer-url=https://issuer.example.com --oidc-client-id=kubectl
  kube-authn kubeconfig --through=https://127.0.0.1:8443 --issuer-url=https://issuer.example.com --client-id=kubectl

Exit codes:
  0    stopped by SIGTERM or Ctrl+C
  2    not started: a flag, a file or a port cannot be used`

/** Adds `kube-authn proxy`. Its flags are declared for help and completion, and read as kube-apiserver reads them. */
export function addProxy(root: Command): void {
  const command = root
    .command('proxy')
    .summary('a proxy to any cluster, which acts as the user')
    .description('Authenticates requests, and forwards them to a cluster as their users.')
    .usage('[flags]')
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText('after', AFTER)
    .action(async () => {
      const { proxy } = await import('./proxy.ts')
      process.exitCode = await proxy(process.argv.slice(process.argv.indexOf('proxy', 2) + 1))
    })
  for (const { heading, flags } of PROXY_HELP) {
    for (const flag of flags) command.addOption(optionFor(flag).helpGroup(heading))
  }
}
