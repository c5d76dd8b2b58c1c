import { systemClock } from '@kube-authn/core/internal'
import { type JsonNameParams, Name } from './x509-library.ts'
import {
  type CertificateContent,
  createCertificate,
  type KeyedCertificate,
  privateKeyPem,
} from './certificate.ts'
import { generateKeyPair } from './key-pair.ts'
import type {
  CertificateAuthority,
  CertificateFault,
  CertificateOptions,
  IssuedCredential,
  LeafCertificateOptions,
  PkiOptions,
} from './certificate-authority.ts'

const HOUR_MS = 3_600_000
const LEAF_LIFETIME_MS = 24 * HOUR_MS
const AUTHORITY_LIFETIME_MS = 10 * 365 * 24 * HOUR_MS

/** Creates a root CA with a new key. */
export async function createRoot(options: PkiOptions): Promise<CertificateAuthority> {
  const clock = options.clock ?? systemClock
  const root = await createCertificate({
    name: distinguishedName({ commonName: options.commonName ?? 'kube-authn test CA' }),
    algorithm: options.algorithm ?? 'P-256',
    ...validity(options, AUTHORITY_LIFETIME_MS, clock.now()),
    authority: {},
  })
  return authority(root, [], root.pem, () => clock.now())
}

/** @param chain the certificates below the root, down to this CA: nearest first, none for the root itself. */
function authority(
  own: KeyedCertificate,
  chain: readonly KeyedCertificate[],
  caPem: string,
  now: () => number,
): CertificateAuthority {
  const issue = async (
    content: Omit<CertificateContent, 'algorithm' | 'notBefore' | 'notAfter'>,
    options: CertificateOptions,
    lifetimeMs: number,
  ): Promise<readonly [certificate: KeyedCertificate, chain: readonly KeyedCertificate[]]> => {
    const certificate = await createCertificate(
      { ...content, algorithm: options.algorithm ?? own.algorithm, ...validity(options, lifetimeMs, now()) },
      options.wrong === 'selfSigned' ? undefined : own,
      options.wrong === 'forged' ? await generateKeyPair(own.algorithm) : undefined,
    )
    return [certificate, options.wrong === 'selfSigned' ? [certificate] : [certificate, ...chain]]
  }

  const issueLeaf = async (
    name: Name,
    usage: 'serverAuth' | 'clientAuth',
    options: LeafCertificateOptions,
  ): Promise<IssuedCredential> => {
    const { hosts, wrong } = options
    const extendedKeyUsages = options.extendedKeyUsages ?? [purpose(usage, wrong)]
    const [certificate, whole] = await issue({ name, hosts, extendedKeyUsages }, options, LEAF_LIFETIME_MS)
    return {
      certificatePem: certificate.pem,
      certificateDer: certificate.der,
      privateKeyPem: await privateKeyPem(certificate.keys),
      chainPem: whole.map((each) => each.pem).join(''),
      chainDer: whole.map((each) => each.der),
    }
  }

  return {
    caPem,
    certificatePem: own.pem,
    certificateDer: own.der,
    issueServer(options) {
      const { hosts, commonName = hosts[0], organizations } = options
      return issueLeaf(distinguishedName({ commonName, organizations }), 'serverAuth', options)
    },
    issueClient: (options) => issueLeaf(distinguishedName(options), 'clientAuth', options),
    async issueIntermediate(options) {
      const { commonName, organizations, pathLength, extendedKeyUsages } = options
      const [certificate, whole] = await issue(
        {
          name: distinguishedName({ commonName, organizations }),
          authority: { pathLength },
          extendedKeyUsages,
        },
        options,
        AUTHORITY_LIFETIME_MS,
      )
      return authority(certificate, whole, caPem, now)
    },
  }
}

function purpose(own: 'serverAuth' | 'clientAuth', wrong: CertificateFault | undefined): string {
  if (wrong !== 'wrongPurpose') return own
  return own === 'serverAuth' ? 'clientAuth' : 'serverAuth'
}

/** X.509 times have a resolution of seconds. */
function validity(
  { notBefore, notAfter, wrong }: Pick<CertificateOptions, 'notBefore' | 'notAfter' | 'wrong'>,
  lifetimeMs: number,
  now: number,
): { readonly notBefore: Date; readonly notAfter: Date } {
  const start = notBefore?.getTime() ?? now + (wrong === 'notYetValid' ? HOUR_MS : -HOUR_MS)
  const end = notAfter?.getTime() ?? now + lifetimeMs
  if (wrong === 'expired') {
    return { notBefore: seconds(Math.min(start, now - 2 * HOUR_MS)), notAfter: seconds(now - HOUR_MS) }
  }
  return { notBefore: seconds(start), notAfter: seconds(end) }
}

function seconds(milliseconds: number): Date {
  return new Date(Math.floor(milliseconds / 1000) * 1000)
}

/** The parts of a subject that Kubernetes reads. */
interface Subject {
  readonly commonName?: string | undefined
  readonly organizations?: readonly string[] | undefined
  readonly uid?: string | undefined
}

/** The attribute of a user's uid in Kubernetes. */
const UID = '1.3.6.1.4.1.57683.2'

/** A distinguished name: organizations in order, common name, uid; each alone in its RDN, as a UTF8String. */
function distinguishedName({ commonName, organizations = [], uid }: Subject): Name {
  const attributes: JsonNameParams = [
    ...organizations.map((value) => ({ O: [{ utf8String: value }] })),
    ...(commonName === undefined ? [] : [{ CN: [{ utf8String: commonName }] }]),
    ...(uid === undefined ? [] : [{ [UID]: [{ utf8String: uid }] }]),
  ]
  return new Name(attributes)
}
