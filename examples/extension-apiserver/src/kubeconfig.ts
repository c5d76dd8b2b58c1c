/** The address of a cluster, and a token for it. */
export interface ClusterClient {
  readonly server: string
  readonly caPath: string
  readonly tokenPath: string
}

/** A kubeconfig, for `delegatedAuthentication` and for kubectl. Both read the token again when it has changed. */
export function kubeconfig({ server, caPath, tokenPath }: ClusterClient): string {
  return `apiVersion: v1
kind: Config
clusters:
  - name: example
    cluster:
      certificate-authority: ${JSON.stringify(caPath)}
      server: ${JSON.stringify(server)}
users:
  - name: me
    user:
      tokenFile: ${JSON.stringify(tokenPath)}
contexts:
  - name: example
    context:
      cluster: example
      user: me
current-context: example
`
}
