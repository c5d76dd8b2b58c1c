/** What a kube-apiserver needs to call a webhook: its URL, the CA of its certificate, and a client certificate. */
export interface WebhookClient {
  readonly url: string
  readonly caPath: string
  readonly certificatePath: string
  readonly keyPath: string
}

/**
 * The file for `--authentication-token-webhook-config-file`. The names are those of the Kubernetes documentation, whose context names
 * a user that does not exist; here it names the right one.
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
