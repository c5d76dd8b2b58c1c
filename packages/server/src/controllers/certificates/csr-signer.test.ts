import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { AttributeType, parseCertificate, valuesOf, verifyCertificateChain } from '@kube-authn/x509'
import { fixedClock } from '../../../../core/test/fakes.ts'
import {
  basicConstraints,
  CN,
  type Issued,
  issue,
  issueCa,
  keyUsage,
  type KeyAlgorithmName,
  O,
  poolOf,
  subjectAltName,
  UID,
} from '../../../../x509/test/certificates.ts'
import type { RequestInit } from '../../../../x509/test/requests.ts'
import { APPROVED, callerOf, clientRequest, DENIED, withCondition } from '../../../test/signing-requests.ts'
import { memoryObjectStore } from '@kube-authn/store'
import { readKubeObject } from '../../registry/read-kube-object.ts'
import type { KubeObject } from '../../registry/kube-object.ts'
import { registry, type Registry } from '../../registry/registry.ts'
import { certificateSigningRequests as resource } from '../../registry/resources/certificates/certificate-signing-requests.ts'
import { allResources } from '../../registry/resources/index.ts'
import type { AuthorityPem } from '../../certificates/issue-certificate.ts'
import { csrSigner, type CsrSignerOptions } from './csr-controllers.ts'

const NOW_MS = 1_800_000_000_000
const NAME = { resource, namespace: '', name: 'x' }
const NODE: RequestInit = {
  subject: [
    [O, 'system:nodes'],
    [CN, 'system:node:n1'],
  ],
}
const NODE_USAGES = ['digital signature', 'key encipherment', 'client auth']
const SERVING_USAGES = ['digital signature', 'key encipherment', 'server auth']

let ca: Issued
let authority: AuthorityPem
let clock: ReturnType<typeof fixedClock>
let objects: Registry

beforeAll(async () => {
  ca = await issueCa()
  authority = await pemOf(ca)
})

beforeEach(() => {
  clock = fixedClock(NOW_MS)
  objects = registry({ store: memoryObjectStore({ clock }), resources: allResources, clock })
})

async function pemOf({ pem, keys }: Issued): Promise<AuthorityPem> {
  const key = new Uint8Array(await crypto.subtle.exportKey('pkcs8', keys.privateKey))
  const base64 = btoa(Array.from(key, (octet) => String.fromCharCode(octet)).join(''))
  const privateKey = `-----BEGIN PRIVATE KEY-----\n${base64}\n-----END PRIVATE KEY-----\n`
  return { certificate: pem, privateKey }
}

/** Creates a request, decides it, and lets a signer look at it. */
async function signed(
  init: RequestInit,
  spec: object = {},
  options: Partial<CsrSignerOptions> = {},
  conditions: readonly object[] = [APPROVED],
  signer = csrSigner({ registry: objects, authority: () => authority, clock, ...options }),
): Promise<KubeObject> {
  const fields = { metadata: { name: 'x' }, ...(await clientRequest(init, spec)) }
  const { object } = readKubeObject(fields, resource)
  let stored = await objects.create({ resource, namespace: '' }, object, { caller: callerOf('jane') })
  for (const condition of conditions) {
    stored = await objects.update({ ...NAME, subresource: 'approval' }, withCondition(stored, condition))
  }
  await signer.reconcile(NAME, stored)
  return objects.get(NAME)
}

function certificateIn({ status }: KubeObject): ReturnType<typeof parseCertificate> {
  const { certificate } = status as { certificate?: string }
  const [, base64 = ''] = /-----\n([^-]*)-----END CERTIFICATE-----\n$/.exec(atob(certificate ?? '')) ?? []
  return parseCertificate(Uint8Array.from(atob(base64.replaceAll('\n', '')), (each) => each.charCodeAt(0)))
}

const failureOf = ({ status }: KubeObject): unknown =>
  (status as { conditions?: readonly { type: string }[] }).conditions?.find(({ type }) => type === 'Failed')

describe('a certificate', () => {
  it('has the subject and the names of the request, and its own usages', async () => {
    const names = ['uri:spiffe://a/b', 'dns:a.example', 'email:a@b.example', 'ip:10.0.0.1', 'directory:x']
    const object = await signed(
      {
        subject: [
          [CN, 'first'],
          [O, 'zeta'],
          [UID, 'forged'],
          [O, '#0500'],
          [O, 'ünïcode'],
          [CN, 'jane'],
        ],
        extensions: [basicConstraints(true), keyUsage('keyCertSign'), subjectAltName(...names)],
      },
      { usages: ['client auth', 'key encipherment', 'digital signature'] },
    )
    const { subject, issuer, extensions, version, serialNumber } = certificateIn(object)
    expect(subject.attributes).toEqual([
      { type: O, value: 'zeta' },
      { type: O, value: '#0500' },
      { type: O, value: 'ünïcode' },
      { type: CN, value: 'jane' },
    ])
    expect(issuer.der).toEqual(ca.certificate.subject.der)
    expect([version, serialNumber > 2n ** 64n]).toEqual([3, true])
    expect(extensions).toMatchObject({
      basicConstraints: { isCa: false },
      keyUsage: { keyCertSign: false },
      extendedKeyUsage: ['1.3.6.1.5.5.7.3.2'],
      unhandledCritical: [],
    })
    expect(extensions.subjectAltName?.names).toEqual([
      { kind: 'dns', text: 'a.example' },
      { kind: 'email', text: 'a@b.example' },
      { kind: 'ip', octets: Uint8Array.of(10, 0, 0, 1) },
      { kind: 'uri', text: 'spiffe://a/b' },
    ])
  })

  it.each([
    '0.0.0.0.0.0.0.0.0.0.255.255.10.0.0.1',
    '0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1',
    '32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.0',
    '0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0',
  ])('has addresses as they are: %s', async (address) => {
    const object = await signed({ subject: [], extensions: [subjectAltName(`ip:${address}`)] })
    const octets = Uint8Array.from(address.split('.').map(Number))
    expect(certificateIn(object).extensions.subjectAltName?.names).toEqual([{ kind: 'ip', octets }])
  })

  it.each<[KeyAlgorithmName, KeyAlgorithmName]>([
    ['P-256', 'RSA'],
    ['P-384', 'P-256'],
    ['P-521', 'P-384'],
    ['RSA', 'Ed25519'],
    ['P-256', 'P-521'],
  ])('of a CA with a key of %s is for a key of %s', async (algorithm, ofClient) => {
    const other = await issueCa({ algorithm })
    const pem = await pemOf(other)
    const certificate = certificateIn(await signed({ algorithm: ofClient }, {}, { authority: () => pem }))
    const chain = await verifyCertificateChain({
      leaf: certificate,
      intermediates: poolOf(),
      roots: poolOf(other),
      nowMs: NOW_MS,
    })
    expect(chain).toHaveLength(2)
  })

  it('of the old signer is for any request, with whatever usages', async () => {
    const object = await signed({}, { signerName: 'example.com/x' })
    const signerName = 'kubernetes.io/legacy-unknown'
    const usages = ['cert sign', 'server auth', 's/mime', 'email protection']
    const old = { ...object, spec: { ...(object['spec'] as object), signerName, usages } }
    const signer = csrSigner({ registry: objects, authority: () => authority, clock })
    await signer.reconcile(NAME, old)
    expect(certificateIn(await objects.get(NAME)).extensions).toMatchObject({
      basicConstraints: { isCa: false },
      keyUsage: { keyCertSign: true },
      extendedKeyUsage: ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.4'],
    })
  })
})

describe('how long', () => {
  it.each<[object, Partial<CsrSignerOptions>, number]>([
    [{}, {}, 31_536_000 - 300],
    [{}, { maxDurationSeconds: 3600 }, 3600],
    [{ expirationSeconds: 600 }, {}, 600],
    [{ expirationSeconds: 28_799 }, {}, 28_799],
    [{ expirationSeconds: 28_800 }, {}, 28_500],
    [{ expirationSeconds: 7200 }, { maxDurationSeconds: 3600 }, 3600],
    [{ expirationSeconds: 600 }, { maxDurationSeconds: 60 }, 60],
  ])('%j with %j', async (spec, options, seconds) => {
    const { notBeforeMs, notAfterMs } = certificateIn(await signed({}, spec, options))
    expect([notBeforeMs, notAfterMs]).toEqual([NOW_MS - 300_000, NOW_MS + seconds * 1000])
  })

  it.each<[number, number | string]>([
    [3600, 3600],
    [1, 1],
    [0, 'refusing to sign a certificate that expired in the past: NotAfter=2027-01-15T08:00:00Z'],
    [-299, 'refusing to sign a certificate that expired in the past'],
    [-300, 'the signer has expired: NotAfter=2027-01-15T07:55:00Z'],
  ])('a CA that is valid for %d seconds', async (seconds, expected) => {
    const notAfter = new Date(NOW_MS + seconds * 1000).toISOString()
    const pem = await pemOf(await issueCa({ notAfter }))
    const work = signed({}, {}, { authority: () => pem })
    if (typeof expected === 'string') await expect(work).rejects.toThrow(expected)
    else expect(certificateIn(await work).notAfterMs).toBe(NOW_MS + expected * 1000)
  })
})

describe('a request that breaks the rules of its signer fails', () => {
  const nodes = (rest: RequestInit = {}): RequestInit => ({ ...NODE, ...rest })
  const named = (...names: readonly string[]): RequestInit =>
    nodes({ extensions: [subjectAltName(...names)] })
  const subject = (...attributes: readonly (readonly [string, string])[]): RequestInit => ({
    subject: attributes,
  })
  const client = 'kubernetes.io/kube-apiserver-client'
  const kubelet = 'kubernetes.io/kube-apiserver-client-kubelet'
  const serving = 'kubernetes.io/kubelet-serving'

  it.each<[string, RequestInit, readonly string[], string | undefined]>([
    [client, {}, ['client auth'], undefined],
    [client, {}, ['digital signature'], 'missing required usage for client certificate: client auth'],
    [client, {}, ['client auth', 'server auth'], 'invalid usage for client certificate: server auth'],
    [kubelet, nodes(), NODE_USAGES, undefined],
    [kubelet, nodes(), ['client auth', 'digital signature'], undefined],
    [
      kubelet,
      nodes(),
      ['client auth'],
      'usages did not match [client auth digital signature key encipherment]',
    ],
    [
      kubelet,
      nodes(),
      [...NODE_USAGES, 'server auth'],
      'usages did not match [client auth digital signature key encipherment]',
    ],
    [kubelet, subject([CN, 'system:node:n1']), NODE_USAGES, 'subject organization is not system:nodes'],
    [
      kubelet,
      subject([O, 'system:nodes'], [O, 'system:nodes'], [CN, 'system:node:n1']),
      NODE_USAGES,
      'subject organization is not system:nodes',
    ],
    [
      kubelet,
      subject([O, 'system:nodes'], [CN, 'system:node:n1'], [CN, 'n1']),
      NODE_USAGES,
      'subject common name does not begin with system:node:',
    ],
    [kubelet, named('dns:n1'), NODE_USAGES, 'DNS subjectAltNames are not allowed'],
    [
      kubelet,
      named('uri:spiffe://a', 'ip:1.2.3.4', 'email:a@b'),
      NODE_USAGES,
      'Email subjectAltNames are not allowed',
    ],
    [kubelet, named('uri:spiffe://a', 'ip:1.2.3.4'), NODE_USAGES, 'IP subjectAltNames are not allowed'],
    [kubelet, named('uri:spiffe://a'), NODE_USAGES, 'URI subjectAltNames are not allowed'],
    [kubelet, named('directory:a'), NODE_USAGES, undefined],
    [serving, named('dns:n1'), SERVING_USAGES, undefined],
    [serving, named('ip:1.2.3.4'), ['server auth', 'digital signature'], undefined],
    [serving, nodes(), SERVING_USAGES, 'DNS or IP subjectAltName is required'],
    [serving, named('email:a@b'), SERVING_USAGES, 'DNS or IP subjectAltName is required'],
    [
      serving,
      named('dns:n1', 'uri:spiffe://a', 'email:a@b'),
      SERVING_USAGES,
      'Email subjectAltNames are not allowed',
    ],
    [serving, named('dns:n1', 'uri:spiffe://a'), SERVING_USAGES, 'URI subjectAltNames are not allowed'],
    [
      serving,
      named('dns:n1'),
      NODE_USAGES,
      'usages did not match [digital signature key encipherment server auth]',
    ],
    [
      serving,
      {
        subject: [
          [O, 'system:nodes'],
          [CN, 'n1'],
        ],
        extensions: [subjectAltName('dns:n1')],
      },
      SERVING_USAGES,
      'subject common name does not begin with system:node:',
    ],
  ])('%s: %j for %j', async (signerName, init, usages, message) => {
    const object = await signed(init, { signerName, usages })
    const failed = { type: 'Failed', status: 'True', reason: 'SignerValidationFailure', message }
    if (message === undefined)
      expect(valuesOf(certificateIn(object).subject, AttributeType.commonName)).toHaveLength(1)
    else {
      expect(failureOf(object)).toMatchObject({ ...failed, lastUpdateTime: '2027-01-15T08:00:00Z' })
      expect(object['status']).not.toHaveProperty('certificate')
    }
  })
})

describe('a signer leaves alone', () => {
  it.each<[string, readonly object[], object]>([
    ['what is not approved', [], {}],
    ['what was denied', [DENIED], {}],
    ['what has failed', [APPROVED, { type: 'Failed', status: 'True' }], {}],
    ['what is for others', [APPROVED], { signerName: 'example.com/x' }],
  ])('%s', async (_, conditions, spec) => {
    const object = await signed({}, spec, {}, conditions)
    expect((object['status'] as { certificate?: string }).certificate).toBeUndefined()
    expect((object['status'] as { conditions?: unknown[] }).conditions ?? []).toHaveLength(conditions.length)
  })

  it('what it has signed, what has changed meanwhile, and what is gone', async () => {
    const object = await signed({})
    const signer = csrSigner({ registry: objects, authority: () => authority, clock })
    await signer.reconcile(NAME, object)
    expect(await objects.get(NAME)).toEqual(object)
    const stale = {
      ...object,
      status: { conditions: [APPROVED] },
      metadata: { ...object.metadata, resourceVersion: '1' },
    }
    await signer.reconcile(NAME, stale)
    expect(await objects.get(NAME)).toEqual(object)
    await objects.delete(NAME)
    await signer.reconcile(NAME, stale)
    await signer.reconcile(NAME, undefined)
  })
})

describe('the CA', () => {
  it('is asked for each certificate, and read again only if it is another one', async () => {
    const other = await issueCa({ subject: 'another CA' })
    let current = authority
    const signer = csrSigner({ registry: objects, authority: () => Promise.resolve(current), clock })
    const issuerOf = async (): Promise<Uint8Array> => {
      const { issuer } = certificateIn(await signed({}, {}, {}, [APPROVED], signer))
      await objects.delete(NAME)
      return issuer.der
    }
    expect(await issuerOf()).toEqual(ca.certificate.subject.der)
    expect(await issuerOf()).toEqual(ca.certificate.subject.der)
    current = await pemOf(other)
    expect(await issuerOf()).toEqual(other.certificate.subject.der)
  })

  it('must be one, with its own key', async () => {
    const other = await pemOf(await issueCa())
    const leaf = await pemOf(await issue())
    const wrong: readonly (readonly [AuthorityPem, string])[] = [
      [{ ...authority, privateKey: other.privateKey }, 'the key of the CA is not that of its certificate'],
      [{ ...authority, certificate: '' }, 'the certificate of the CA is not in PEM'],
      [leaf, 'the certificate of the CA is not for signing certificates'],
      [{ ...authority, privateKey: 'x' }, 'data does not contain a valid RSA or ECDSA private key'],
    ]
    for (const [pem, message] of wrong) {
      await expect(signed({}, {}, { authority: () => pem })).rejects.toThrow(message)
      expect((await objects.get(NAME))['status']).toMatchObject({ conditions: [APPROVED] })
      await objects.delete(NAME)
    }
    await expect(signed({}, {}, { authority: () => Promise.reject(new Error('no file')) })).rejects.toThrow(
      'no file',
    )
  })
})
