import type { Authenticator } from '@kube-authn/core'
import {
  clientCertificate,
  requestHeader,
  type RequestHeaderConfig,
  type RequestHeaderNames,
} from '@kube-authn/core/client-certificate'
import { defined, aString, nested, refuseProblems, without } from '@kube-authn/core/internal'
import { aBoolean, listOf, oneOf, type OptionsShape } from '@kube-authn/core/adapter'
import { type CertificatePool, certificatePool } from '@kube-authn/x509'
import {
  assertDistinct,
  type CertificateAuthoritiesFile,
  type CertificatePools,
  type KnownPools,
  openCertificatePools,
} from '../front-proxy/certificate-pools.ts'
import {
  believeDescribed,
  type DescribedProxy,
  describedProxy,
  type DescribedProxyOptions,
  NO_PROXY,
} from '../front-proxy/described-proxy.ts'
import { certificateAuthoritiesAtShape } from '../at/certificate-authorities-at.ts'
import { aFile } from '../options/file-option.ts'
import { type FrontProxyOptions, frontProxyShape } from '../configure/create-authenticator-options.ts'
import { opener } from '../configure/opener.ts'
import type { HttpFetch } from '../http/create-fetch.ts'
import type { Endpoint } from '../http/endpoint.ts'
import {
  clusterConfigMap,
  type ClusterConfigMapOptions,
  clusterConfigMapShape,
} from './cluster-config-map.ts'

/** A front proxy configured by options instead of by the cluster. */
export interface ConfiguredProxy
  extends
    Partial<RequestHeaderNames>,
    Pick<FrontProxyOptions, 'caFile' | 'allowedNames' | 'allowAnyProxyName'> {}

/** Options of authentication by certificate in a cluster. */
export interface ClusterClientsOptions extends DescribedProxyOptions, ClusterConfigMapOptions {
  /** The CA of client certificates, in PEM (`--client-ca-file`): a path, or options with one. Default: the cluster's. */
  readonly clientCAFile?: string | CertificateAuthoritiesFile
  /** The front proxy (`--requestheader-*`). Default: the cluster's. */
  readonly requestHeader?: ConfiguredProxy
  /** Do not look up either of them in the cluster (`--authentication-skip-lookup`). Default `false`. */
  readonly skipLookup?: boolean
}

const proxyShape: OptionsShape<ConfiguredProxy> = { ...frontProxyShape, usernameHeaders: listOf(aString) }

export const clusterClientsShape: OptionsShape<ClusterClientsOptions> = {
  ...clusterConfigMapShape,
  joinedHeaders: oneOf('reject', 'split', 'whole'),
  clientCAFile: aFile(certificateAuthoritiesAtShape),
  requestHeader: nested(proxyShape),
  skipLookup: aBoolean,
}

/**
 * The default headers of a front proxy: those of kube-apiserver, without a uid.
 *
 * Source: apiserver `pkg/server/options/authentication.go` NewDelegatingAuthenticationOptions.
 */
const HEADER_NAMES = {
  usernameHeaders: ['x-remote-user'],
  groupHeaders: ['x-remote-group'],
  extraHeaderPrefixes: ['x-remote-extra-'],
} satisfies RequestHeaderNames

/**
 * The front proxy and the client CA: from files if given, otherwise from the cluster if there is one.
 *
 * @throws {ConfigurationError} as a rejection: if a file or the cluster's ConfigMap cannot be used.
 */
export async function clusterClients(
  endpoint: Endpoint | undefined,
  fetch: HttpFetch | undefined,
  options: ClusterClientsOptions,
): Promise<{
  readonly requestHeader: Authenticator | undefined
  readonly clientCertificate: Authenticator | undefined
  readonly close: () => void
}> {
  const { observer, clock, requestHeader: proxy, joinedHeaders } = options
  const shared = defined({ observer, clock })
  const proxyOptions = { ...shared, ...defined({ joinedHeaders }) }
  const parts = opener()
  let known: () => Described = () => NOTHING
  try {
    const files = openCertificatePools(
      { clientCA: options.clientCAFile, requestHeaderCA: proxy?.caFile },
      shared,
      parts,
      () => known(),
    )
    refuseProblems(parts.problems)
    const configured =
      files.requestHeaderCA &&
      requestHeader({
        ...HEADER_NAMES,
        ...(proxy !== undefined && without(proxy, 'caFile')),
        ca: files.requestHeaderCA,
        ...defined({ clock }),
      })
    const isAsked = options.skipLookup !== true && (files.clientCA === undefined || configured === undefined)
    const cluster =
      isAsked && endpoint !== undefined && fetch !== undefined
        ? await clusterConfigMap(
            endpoint,
            fetch,
            {
              make: (config) => described(config, files, proxyOptions),
              nothing: NOTHING,
              // The client CA stays, as in Kubernetes: it is unrelated to proxies.
              gone: (last) => ({ ...last, proxy: NO_PROXY }),
            },
            options,
          )
        : undefined
    if (cluster !== undefined) known = cluster.current
    const clientCA = files.clientCA ?? (cluster && { current: () => cluster.current().clientCA })
    return {
      requestHeader: configured ?? (cluster && believeDescribed({ current: () => cluster.current().proxy })),
      clientCertificate: clientCA && clientCertificate({ ca: clientCA, ...shared }),
      close() {
        cluster?.close()
        parts.close()
      },
    }
  } catch (error) {
    parts.close()
    throw error
  }
}

/** The cluster's configuration, where no file overrides it. */
interface Described extends KnownPools {
  readonly proxy: DescribedProxy
}

const NOTHING: Described = Object.freeze({ proxy: NO_PROXY })

/** @throws {ConfigurationError} if it is invalid, by itself or together with the files. */
function described(
  config: RequestHeaderConfig,
  files: CertificatePools,
  options: DescribedProxyOptions,
): Described {
  const result: Described = {
    proxy: files.requestHeaderCA === undefined ? describedProxy(config, options) : NO_PROXY,
    clientCA: files.clientCA === undefined ? poolOf(config.clientCA) : undefined,
    requestHeaderCA: files.requestHeaderCA === undefined ? poolOf(config.requestHeaderClientCA) : undefined,
  }
  assertDistinct(
    files.clientCA?.current() ?? result.clientCA,
    files.requestHeaderCA?.current() ?? result.requestHeaderCA,
  )
  return result
}

function poolOf(pem: string | undefined): CertificatePool | undefined {
  return pem === undefined ? undefined : certificatePool(pem)
}
