import type { Command } from 'commander'

const AFTER = `
What is revoked is refused at once, by every replica with the same store, and open connections end. It is one of:
a token (--token-file or --token-stdin), of which only the id and a digest leave this machine; the id of a credential,
as servers audit it (JTI=..., SESSION=..., or X509SHA256=... of a certificate); a certificate in a file; the serial
number of a certificate, as openssl x509 -serial prints it, with the certificate of its CA; or a user, with all of the
user's credentials, or only those that were issued before a time.

A revocation need not last longer than what it revokes. For a token or certificate with an expiry it ends some minutes
after that; otherwise --for says when, or --forever.

Examples:
  kube-authn revoke --token-stdin < leaked.token
  kube-authn revoke --credential-id JTI=2f6c1d0e --for 24h --reason "laptop lost"
  kube-authn revoke --certificate jane.crt
  kube-authn revoke --serial 7F:3A:01 --issuer ca.crt --for 365d
  kube-authn revoke --user jane --issued-before now --for 30d
  kube-authn revoke --user jane --forever
  kubectl get credentialrevocations
  kubectl delete credentialrevocation revoked-x7k2p

Exit codes:
  0  revoked; the names of the revocations are printed
  1  the server does not allow it
  2  the kubeconfig, the server or an option cannot be used`

/** Adds `kube-authn revoke`. */
export function addRevoke(root: Command): void {
  root
    .command('revoke')
    .summary('take back a token, a certificate or a user')
    .description('Creates a CredentialRevocation on the server of a kubeconfig.')
    .option('--token-stdin', 'the token on standard input')
    .option('--token-file <file>', 'the token in a file')
    .option('--credential-id <id>', 'the id of a credential')
    .option('--certificate <file>', 'a client certificate in PEM; - for standard input')
    .option('--serial <number>', 'the serial number of a client certificate, in hexadecimal')
    .option('--issuer <file>', 'with --serial: the certificate of its CA in PEM')
    .option('--user <name>', 'the name of a user')
    .option('--issued-before <time>', 'with --user: a time as in 2026-01-31T12:00:00Z, or now')
    .option('--for <duration>', 'how long it stays revoked, as in 90m, 24h or 30d')
    .option('--forever', 'it stays revoked until the revocation is deleted')
    .option('--reason <text>', 'why, for those who read the revocation')
    .option('--kubeconfig <file>', 'the file; $KUBECONFIG or ~/.kube/config if it is not named')
    .option('--context <name>', 'the context in it; the current one if it is not named')
    .addHelpText('after', AFTER)
    .action(async (options: RevokeOptions) => {
      const { revoke } = await import('./revoke.ts')
      process.exitCode = await revoke(options)
    })
}

/** The options of `kube-authn revoke`. */
export interface RevokeOptions {
  readonly tokenStdin?: boolean
  readonly tokenFile?: string
  readonly credentialId?: string
  readonly certificate?: string
  readonly serial?: string
  readonly issuer?: string
  readonly user?: string
  readonly issuedBefore?: string
  readonly for?: string
  readonly forever?: boolean
  readonly reason?: string
  readonly kubeconfig?: string
  readonly context?: string
}
