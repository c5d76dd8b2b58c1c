/** What a kube-apiserver needs to ask a webhook: where it is, whose certificate it has, and what to show it. */
export interface WebhookClient {
  readonly url: string
  readonly caPath: string
  readonly certificatePath: string
  readonly keyPath: string
}

/**
 * The file for `--authentication-token-webhook-config-file`. The names are those of the Kubernetes documentation, where the context names
 * a user that is not there; here it is the one.
 */
export function webhookKubeconfig({ url, caPath, certificatePath, keyPath }: WebhookClient): string {
  return `apiVersion: v1
kind: Config
clusters:
  - name: name-of-remote-authn-service
    cluster:
      certificate-authority: ${JSON.stringify(caPath)}
      server: ${JSON.stringify(url)}
users:
  - name: name-of-api-server
    user:
      client-certificate: ${JSON.stringify(certificatePath)}
      client-key: ${JSON.stringify(keyPath)}
contexts:
  - name: webhook
    context:
      cluster: name-of-remote-authn-service
      user: name-of-api-server
current-context: webhook
`
}
