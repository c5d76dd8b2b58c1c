import { allow, noOpinion } from '@kube-authn/core/authorization'
import { memoryObjectStore, type ObjectStore } from '@kube-authn/store'
import {
  allResources,
  certificateSigningRequests as resource,
  csrApprover,
  csrCleaner,
  csrSigner,
  type KubeObject,
  type ObjectController,
  registry,
  type Registry,
} from '@kube-authn/server/internal'
import { fixedClock } from '@kube-authn/testing'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  X509Certificate,
} from '@peculiar/x509'
import { type Given, NotApplicable, type UnitRunner } from '../../vector.ts'
import {
  authorityUntil,
  base64Of,
  certificateUntil,
  CUSTOM_EXTENSION,
  requestOf,
  SUBJECT,
} from './fixtures.ts'
import { reading } from '../../reading.ts'

const NAME = { resource, namespace: '', name: 'x' }
const DEFAULT_NOW = 1_257_894_000
const DAY = 86_400

/** Area E-csr-signers: who signs what, and what a certificate says. */
export const signers: UnitRunner = reading(
  {
    given: [
      'signerName usages dnsNames ipAddresses emailAddresses uris conditions now expirationSeconds signerTTLSeconds caNotAfterOffset',
      { subject: SUBJECT },
    ],
    expect:
      'result reason message messageContains notBefore notAfter keyUsage extKeyUsage isCA basicConstraintsValid requestedExtensionsDropped',
  },
  async ({ given }) => {
    const now = Number(given['now'] ?? DEFAULT_NOW)
    const authority = await authorityUntil((now + Number(given['caNotAfterOffset'] ?? 10 * 365 * DAY)) * 1000)
    const signerName = given['signerName'] ?? 'kubernetes.io/legacy-unknown'
    const world = await worldOf(given, {
      spec: {
        signerName,
        usages: given['usages'] ?? ['client auth'],
        expirationSeconds: given['expirationSeconds'],
      },
      status: { conditions: given['conditions'] ?? [{ type: 'Approved', status: 'True' }] },
    })
    const signer = csrSigner({
      registry: world.objects,
      authority: () => authority,
      clock: world.clock,
      ...(given['signerTTLSeconds'] !== undefined && {
        maxDurationSeconds: Number(given['signerTTLSeconds']),
      }),
    })
    const error = await errorOf(signer, world.object)
    if (error !== undefined) return { result: 'error', message: error, messageContains: error }
    const { status } = await world.objects.get(NAME)
    const { conditions = [], certificate } = status as Status
    if (certificate !== undefined) return { result: 'signed', ...contentOf(certificate) }
    const failed = conditions.find(({ reason }) => reason === 'SignerValidationFailure')
    if (failed === undefined) return { result: 'ignored' }
    const { reason, message } = failed
    return { result: failed.type, reason, message, messageContains: message }
  },
)

/** Area E-csr-approver: which requests of nodes are approved. */
export const approvers: UnitRunner = reading(
  {
    given: [
      'signerName usages username conditions dnsNames ipAddresses emailAddresses uris',
      { subject: SUBJECT, sar: 'selfnodeclient nodeclient' },
    ],
    expect: 'approved reason message messageContains sarCalls retry retriable',
  },
  async ({ given }) => {
    const { signerName, usages, username } = given
    const world = await worldOf(given, {
      spec: { signerName, usages, username },
      status: { conditions: given['conditions'] },
    })
    const sarCalls: string[] = []
    const allowed = (given['sar'] ?? {}) as Readonly<Record<string, boolean>>
    const approver = csrApprover({
      registry: world.objects,
      authorizer: {
        name: 'vector',
        authorize({ subresource }) {
          sarCalls.push(subresource)
          return allowed[subresource] === true ? allow() : noOpinion()
        },
      },
    })
    const error = await errorOf(approver, world.object)
    const { conditions = [] } = (await world.objects.get(NAME))['status'] as Status
    const approved = conditions.find(({ reason }) => reason === 'AutoApproved')
    return {
      approved: approved !== undefined,
      reason: approved?.reason,
      message: approved?.message ?? error,
      messageContains: error,
      sarCalls,
      retry: error !== undefined,
      retriable: error !== undefined,
    }
  },
)

/** Area E-csr-cleaner: which requests are deleted. */
export const cleaners: UnitRunner = reading(
  {
    given: ['now creationTimestamp certificate', { conditions: 'type status lastUpdateTime' }],
    expect: 'deleted',
  },
  async ({ given, expect }) => {
    const now = Number(given['now'])
    const conditions = ((given['conditions'] ?? []) as readonly VectorCondition[]).map(
      ({ lastUpdateTime, ...rest }) => ({
        ...rest,
        ...(lastUpdateTime !== undefined && { lastUpdateTime: timeOf(lastUpdateTime) }),
      }),
    )
    if (isKeptBefore136(given, expect['deleted'])) {
      throw new NotApplicable('the rule before 1.36 (docs/deviations.md, approved requests)')
    }
    const validity: Readonly<Record<string, number>> = { '@valid': now + DAY, '@expired': now - 1 }
    const until = validity[String(given['certificate'])]
    const world = await worldOf(given, {
      spec: {},
      status: {
        conditions,
        ...(until !== undefined && { certificate: base64Of(await certificateUntil(until * 1000)) }),
      },
      creationTimestamp: timeOf(Number(given['creationTimestamp'])),
    })
    const cleaner = csrCleaner({ registry: world.objects, clock: world.clock })
    await cleaner.reconcile(NAME, world.object)
    const { items } = await world.objects.list({ resource, namespace: '' })
    return { deleted: items.length === 0 }
  },
)

/** Whether a case says what Kubernetes did before it deleted approvals without a certificate after a day. */
function isKeptBefore136(given: Given, isDeleted: unknown): boolean {
  const approved = ((given['conditions'] ?? []) as readonly VectorCondition[]).find(
    ({ type }) => type === 'Approved',
  )
  const isIssued = typeof given['certificate'] === 'string'
  const age = Number(given['now']) - (approved?.lastUpdateTime ?? Infinity)
  return isDeleted === false && !isIssued && age > DAY
}

interface Status {
  readonly conditions?: readonly {
    readonly type: string
    readonly reason?: string
    readonly message?: string
  }[]
  readonly certificate?: string
}

interface VectorCondition {
  readonly type: string
  readonly lastUpdateTime?: number
}

interface World {
  readonly clock: ReturnType<typeof fixedClock>
  readonly objects: Registry
  readonly object: KubeObject
}

/** A store with one request, which is written past validation: cases are about what follows from it. */
async function worldOf(
  given: Given,
  { spec, status, creationTimestamp }: { spec: object; status: object; creationTimestamp?: string },
): Promise<World> {
  const clock = fixedClock(Number(given['now'] ?? DEFAULT_NOW) * 1000)
  const store = memoryObjectStore({ clock })
  const objects = registry({ store, resources: allResources, clock })
  const request = base64Of(await requestOf(given))
  const least = { request, signerName: 'example.com/x', usages: ['client auth'] }
  const { kind } = resource
  const created = { apiVersion: 'certificates.k8s.io/v1', kind, metadata: { name: 'x' }, spec: least }
  await objects.create({ resource, namespace: '' }, created)
  await rewrite(store, (object) => ({
    ...object,
    metadata: { ...object.metadata, ...(creationTimestamp !== undefined && { creationTimestamp }) },
    spec: { request, ...spec },
    status,
  }))
  return { clock, objects, object: await objects.get(NAME) }
}

async function rewrite(store: ObjectStore, changed: (object: KubeObject) => KubeObject): Promise<void> {
  const [stored] = (await store.list('')).objects
  if (stored === undefined) throw new Error('nothing is stored')
  const object = changed(JSON.parse(stored.value) as KubeObject)
  await store.update(stored.key, JSON.stringify(object), stored.revision)
}

async function errorOf(controller: ObjectController, object: KubeObject): Promise<string | undefined> {
  try {
    await controller.reconcile(NAME, object)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const KEY_USAGES: readonly (readonly [flag: number, name: string])[] = [
  [KeyUsageFlags.digitalSignature, 'digitalSignature'],
  [KeyUsageFlags.nonRepudiation, 'contentCommitment'],
  [KeyUsageFlags.keyEncipherment, 'keyEncipherment'],
  [KeyUsageFlags.dataEncipherment, 'dataEncipherment'],
  [KeyUsageFlags.keyAgreement, 'keyAgreement'],
  [KeyUsageFlags.keyCertSign, 'certSign'],
  [KeyUsageFlags.cRLSign, 'crlSign'],
  [KeyUsageFlags.encipherOnly, 'encipherOnly'],
  [KeyUsageFlags.decipherOnly, 'decipherOnly'],
]
const PURPOSES: ReadonlyMap<string, string> = new Map([
  ['2.5.29.37.0', 'any'],
  ['1.3.6.1.5.5.7.3.1', 'serverAuth'],
  ['1.3.6.1.5.5.7.3.2', 'clientAuth'],
  ['1.3.6.1.5.5.7.3.3', 'codeSigning'],
  ['1.3.6.1.5.5.7.3.4', 'emailProtection'],
  ['1.3.6.1.5.5.7.3.5', 'ipsecEndSystem'],
  ['1.3.6.1.5.5.7.3.6', 'ipsecTunnel'],
  ['1.3.6.1.5.5.7.3.7', 'ipsecUser'],
  ['1.3.6.1.5.5.7.3.8', 'timeStamping'],
  ['1.3.6.1.5.5.7.3.9', 'ocspSigning'],
  ['1.3.6.1.4.1.311.10.3.3', 'microsoftServerGatedCrypto'],
  ['2.16.840.1.113730.4.1', 'netscapeServerGatedCrypto'],
])

/** What a certificate says, read by a library. */
function contentOf(base64: string): Readonly<Record<string, unknown>> {
  const certificate = new X509Certificate(Buffer.from(base64, 'base64').toString())
  const constraints = certificate.getExtension(BasicConstraintsExtension)
  const flags = certificate.getExtension(KeyUsagesExtension)?.usages ?? 0
  const purposes = certificate.getExtension(ExtendedKeyUsageExtension)?.usages ?? []
  return {
    notBefore: certificate.notBefore.getTime() / 1000,
    notAfter: certificate.notAfter.getTime() / 1000,
    isCA: constraints?.ca === true,
    basicConstraintsValid: constraints !== null,
    keyUsage: KEY_USAGES.filter(([flag]) => (flags & flag) !== 0).map(([, name]) => name),
    extKeyUsage: purposes.map((purpose) => PURPOSES.get(String(purpose))),
    requestedExtensionsDropped: certificate.getExtension(CUSTOM_EXTENSION) === null,
  }
}

function timeOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000', '')
}
