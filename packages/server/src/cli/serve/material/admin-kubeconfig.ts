import { X509Certificate } from 'node:crypto'
import { isObject, memberOf } from '@kube-authn/core/internal'
import { yamlDocument } from '@kube-authn/core/internal/yaml'
import { issueClientCertificate } from '../../../certificates/node-authority.ts'
import { withEntries } from '../../kubeconfig/kubeconfig-file.ts'
import { writeNewFile } from '../../terminal/new-file.ts'
import { newKeyPair, pemOfKey } from '../../key-pair.ts'
import { isFresh, type OwnAuthority, validFor } from './own-authority.ts'
import { readPrivateFile } from './private-files.ts'

/** As kubeadm. */
const DAYS = 365
const NAME = 'kube-authn'
const USER = 'kube-authn-admin'

export interface KubeconfigTarget {
  readonly server: string
  /** The CA of its certificate, in PEM. */
  readonly serverCA: string
}

export function clusterOf({ server, serverCA }: KubeconfigTarget): Readonly<Record<string, string>> {
  return { server, 'certificate-authority-data': Buffer.from(serverCA).toString('base64') }
}

/**
 * Writes a kubeconfig with a client certificate of `system:masters`, or completes the one that is there: other users, contexts and comments stay.
 *
 * @throws {Failure} if the file cannot be read or written, or is not a kubeconfig.
 */
export async function writeAdminKubeconfig(
  path: string,
  authority: OwnAuthority,
  target: KubeconfigTarget,
  nowMs: number,
): Promise<void> {
  const before = readPrivateFile(path) ?? ''
  const found: unknown = before === '' ? undefined : yamlDocument(before, path)
  const cluster = clusterOf(target)
  const known = freshUser(found, authority, nowMs)
  const current = memberOf(found, 'current-context')
  const isNamed = typeof current === 'string' && current !== ''
  if (known !== undefined && isNamed && leadsTo(found, cluster)) return
  const user = known ?? (await newUser(authority, nowMs))
  const entries = [
    { list: 'clusters', name: NAME, value: cluster },
    { list: 'users', name: USER, value: user },
    { list: 'contexts', name: NAME, value: { cluster: NAME, user: USER } },
  ] as const
  const after = withEntries(before, path, entries, isNamed ? undefined : NAME)
  await writeNewFile(path, after, { replaces: true })
}

/** Whether the own context is there, with this cluster and the own user. */
function leadsTo(kubeconfig: unknown, cluster: Readonly<Record<string, string>>): boolean {
  const found = memberOf(namedIn(kubeconfig, 'clusters'), 'cluster')
  const context = memberOf(namedIn(kubeconfig, 'contexts'), 'context')
  return (
    Object.entries(cluster).every(([name, value]) => memberOf(found, name) === value) &&
    memberOf(context, 'cluster') === NAME &&
    memberOf(context, 'user') === USER
  )
}

function namedIn(kubeconfig: unknown, list: string, name: string = NAME): unknown {
  const items = memberOf(kubeconfig, list)
  return Array.isArray(items) ? items.find((each) => memberOf(each, 'name') === name) : undefined
}

/** The user with a certificate of this CA that need not be renewed. */
function freshUser(kubeconfig: unknown, authority: OwnAuthority, nowMs: number): object | undefined {
  const user = memberOf(namedIn(kubeconfig, 'users', USER), 'user')
  const data = memberOf(user, 'client-certificate-data')
  if (!isObject(user) || typeof data !== 'string') return undefined
  try {
    const certificate = new X509Certificate(Buffer.from(data, 'base64'))
    const isOfAuthority =
      certificate.checkIssued(authority.certificate) && certificate.verify(authority.certificate.publicKey)
    return isOfAuthority && isFresh(certificate, nowMs) ? user : undefined
  } catch {
    return undefined
  }
}

async function newUser(authority: OwnAuthority, nowMs: number): Promise<Readonly<Record<string, string>>> {
  const { privateKey, publicKey } = newKeyPair('P-256')
  const certificate = await issueClientCertificate(authority, {
    publicKey,
    commonName: 'kubernetes-admin',
    organizations: ['system:masters'],
    ...validFor(DAYS, nowMs),
  })
  return {
    'client-certificate-data': Buffer.from(certificate).toString('base64'),
    'client-key-data': Buffer.from(pemOfKey(privateKey)).toString('base64'),
  }
}
