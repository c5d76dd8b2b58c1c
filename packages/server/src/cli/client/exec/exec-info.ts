import type { ExecPlugin } from '@kube-authn/node/internal'

/** The cluster that a plug-in gets credentials for. Absent fields are empty. */
export interface ExecCluster {
  readonly server: string
  readonly tlsServerName?: string
  readonly insecureSkipTlsVerify?: boolean
  /** The CAs of the server in PEM. */
  readonly certificateAuthority?: string
  readonly proxyUrl?: string
}

/**
 * The value of `KUBERNETES_EXEC_INFO`: the request to a plug-in, as JSON.
 *
 * Source: client-go `pkg/apis/clientauthentication/v1/types.go`, `rest/exec.go` (ConfigToExecCluster).
 */
export function execInfo(plugin: ExecPlugin, cluster: ExecCluster, interactive: boolean): string {
  return JSON.stringify({
    kind: 'ExecCredential',
    apiVersion: plugin.apiVersion,
    spec: { ...(plugin.provideClusterInfo && { cluster: clusterFields(plugin, cluster) }), interactive },
  })
}

function clusterFields({ disableCompression, config }: ExecPlugin, cluster: ExecCluster): object {
  const { server, tlsServerName, insecureSkipTlsVerify, certificateAuthority, proxyUrl } = cluster
  return {
    server,
    'tls-server-name': tlsServerName,
    'insecure-skip-tls-verify': insecureSkipTlsVerify === true ? true : undefined,
    'certificate-authority-data':
      certificateAuthority === undefined ? undefined : Buffer.from(certificateAuthority).toString('base64'),
    'proxy-url': proxyUrl,
    'disable-compression': disableCompression ? true : undefined,
    config,
  }
}
