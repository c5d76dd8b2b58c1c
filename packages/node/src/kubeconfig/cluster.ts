import type { ErrorList, FieldPath } from '@kube-authn/core/internal'
import type { Endpoint } from '../http/endpoint.ts'
import type { ClusterEntry } from './decode.ts'
import { pemOption } from './pem-option.ts'

/**
 * The server of a cluster, and how to verify it.
 *
 * Source: client-go `tools/clientcmd/validation.go` validateClusterInfo.
 *
 * @param fields receives the field of each part of the endpoint.
 */
export function clusterEndpoint(
  cluster: ClusterEntry,
  folder: string,
  errors: ErrorList,
  fields: Map<string, FieldPath>,
): Endpoint {
  const { path, server, tlsServerName, insecureSkipTlsVerify, proxyUrl } = cluster
  fields.set('server', path.child('server'))
  fields.set('proxyUrl', path.child('proxy-url'))
  fields.set('insecureSkipTlsVerify', path.child('insecure-skip-tls-verify'))
  if (server === '') errors.required(path.child('server'), 'the cluster has no server')
  const ca = pemOption(
    'ca',
    {
      path,
      name: 'certificate-authority',
      file: cluster.certificateAuthority,
      data: cluster.certificateAuthorityData,
    },
    folder,
    errors,
  )
  if (ca !== undefined) fields.set(ca.option, ca.field)
  return {
    server,
    ...(ca !== undefined && { [ca.option]: ca.value }),
    ...(tlsServerName !== '' && { serverName: tlsServerName }),
    ...(insecureSkipTlsVerify && { insecureSkipTlsVerify }),
    ...(proxyUrl !== '' && { proxyUrl }),
  }
}
