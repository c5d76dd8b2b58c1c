import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AuthenticationEvent, type Authenticator, emptyContext, type userInfo } from '@kube-authn/core'
import { certificateUser, certificateVerifier, clientCertificate } from '@kube-authn/core/client-certificate'
import { metrics } from '@kube-authn/metrics'
import { type Certificate, CertificateError, certificateIdentifier, certificatePool } from '@kube-authn/x509'
import { certificateAuthoritiesAt } from '@kube-authn/node'
import { createPki, fixedClock } from '@kube-authn/testing'
import { type Behaviour, outcomeOf, scripted, userOf } from '../behaviour.ts'
import { type Certificates, derOf, pemOf } from '../certificates.ts'
import { requestOf } from '../requests.ts'
import { type Given, NotUnderstood, type UnitRunner } from '../vector.ts'
import { BEHAVIOUR, ERROR, only, reading, USER } from '../reading.ts'

/** Area E: client certificates. */
export function certificateRunners(certificates: Certificates): Readonly<Record<string, UnitRunner>> {
  const request = (given: Given): ReturnType<typeof requestOf> => {
    const presented = given['peer_certs'] as readonly string[] | null
    return requestOf(presented === null ? {} : { peerCertificates: derOf(certificates, presented) })
  }
  const roots = (given: Given): string => pemOf(certificates, given['roots'] as readonly string[])

  return {
    x509: reading(
      {
        given: ['roots peer_certs required_ekus uid_from_cert', { user_conversion: BEHAVIOUR }],
        expect: ['outcome', { user: USER, error: ERROR }],
      },
      async ({ given, expect }) => {
        const keyUsages = given['required_ekus'] as readonly string[] | undefined
        const conversion = given['user_conversion'] as Behaviour | undefined
        const uidFromSubject = given['uid_from_cert'] !== false
        const authenticator = clientCertificate({
          ca: roots(given),
          ...(keyUsages !== undefined && { keyUsages }),
          user:
            conversion === undefined
              ? (leaf) => certificateUser(leaf, { uidFromSubject })
              : converted(conversion),
        })
        const outcome = await outcomeOf(() => authenticator.authenticate(request(given), emptyContext))
        // The prefix names the certificate; most vectors have only the cause.
        const { text = '', text_contains: part = '' } = expect.error ?? {}
        const isWhole = `${text}${part}`.includes('verifying certificate')
        return { ...outcome, error: isWhole ? outcome['error'] : causeOf(outcome['error']) }
      },
    ),

    'x509-verifier': reading(
      {
        given: ['roots peer_certs allowed_names', { inner: BEHAVIOUR }],
        expect: ['outcome inner_called', { user: USER, error: ERROR }],
      },
      async ({ given }) => {
        const inner = scripted(given['inner'] as Behaviour)
        const delegate: Authenticator = { name: inner.name, authenticate: inner.authenticate }
        const allowedNames = given['allowed_names'] as readonly string[]
        const verifier = certificateVerifier({ ca: roots(given), allowedNames }, delegate)
        const outcome = await outcomeOf(() => verifier.authenticate(request(given), emptyContext))
        return { ...outcome, inner_called: inner.calls.length > 0 }
      },
    ),

    'x509.identifier': reading(
      { given: 'serial_decimal skid_hex akid_hex', expect: 'identifier' },
      ({ given }) => {
        const bytes = (field: string): Uint8Array<ArrayBuffer> =>
          new Uint8Array(Buffer.from(String(given[field]), 'hex'))
        return Promise.resolve({
          identifier: certificateIdentifier({
            serialNumber: BigInt(String(given['serial_decimal'])),
            extensions: {
              subjectKeyIdentifier: bytes('skid_hex'),
              authorityKeyIdentifier: bytes('akid_hex'),
            },
          }),
        })
      },
    ),

    'x509.expiry-metric': reading(
      { given: 'now not_after verification', expect: 'metric observed bucket_bounds' },
      async ({ given }) => {
        only(given, 'verification', 'fails or succeeds alike')
        const clock = fixedClock(Date.parse(String(given['now'])))
        const notAfter = new Date(String(given['not_after']))
        const pki = await createPki({ clock: fixedClock(Date.parse('2025-01-01T00:00:00Z')) })
        const client = await pki.issueClient({
          commonName: 'jane',
          notBefore: new Date('2025-06-01T00:00:00Z'),
          notAfter,
        })
        const events: AuthenticationEvent[] = []
        const counted = metrics()
        const authenticator = clientCertificate({
          ca: pki.caPem,
          clock,
          observer: (event) => {
            events.push(event)
            counted.observer(event)
          },
        })
        await outcomeOf(() =>
          authenticator.authenticate(requestOf({ peerCertificates: client.chainDer }), emptyContext),
        )
        const [event] = events
        const text = counted.render()
        const metric = 'apiserver_client_certificate_expiration_seconds'
        const bounds = [...text.matchAll(new RegExp(`^${metric}_bucket{le="([^"]+)"}`, 'gm'))].map(
          ([, bound]) => bound,
        )
        return {
          metric: text.includes(`${metric}_count 1`) ? metric : 'none',
          observed: event?.type === 'clientCertificateExpiration' ? event.seconds : undefined,
          bucket_bounds: bounds.filter((bound) => bound !== '+Inf').map(Number),
        }
      },
    ),

    'ca-bundle.parse': reading({ given: 'pem', expect: 'outcome count text_contains' }, async ({ given }) => {
      try {
        return {
          outcome: 'loaded',
          count: certificatePool(String(given['pem'])).certificates.length,
        }
      } catch (error) {
        if (!(error instanceof CertificateError)) throw error
        return { outcome: 'load-error', text_contains: error.message }
      }
    }),

    'ca-bundle.reload': reading(
      {
        given: 'source_kind steps',
        expect: 'outcome text_contains active listeners_notified authenticator_outcome',
      },
      ({ given }) =>
        given['source_kind'] === 'configmap'
          ? beforeAnythingIsThere(certificates, given)
          : reloaded(given, certificates),
    ),
  }
}

/** Without the prefix that names the certificate. */
function causeOf(error: unknown): unknown {
  return typeof error === 'string' ? error.replace(/^verifying certificate .*? failed: /, '') : error
}

function converted(conversion: Behaviour): (leaf: Certificate) => ReturnType<typeof userInfo> | undefined {
  return () => {
    if (conversion.returns === 'no-opinion') return undefined
    if (conversion.returns === 'error') throw new Error(conversion.text)
    return userOf(conversion.user ?? { name: '' })
  }
}

/** A source without content yet, such as a missing ConfigMap. */
async function beforeAnythingIsThere(
  certificates: Certificates,
  { steps }: Given,
): Promise<Record<string, unknown>> {
  if (JSON.stringify(steps) !== '["absent"]') throw new NotUnderstood('given.steps of a configmap')
  const authenticator = clientCertificate({ ca: { current: () => undefined } })
  const request = requestOf({ peerCertificates: derOf(certificates, ['@jane']) })
  const { outcome } = await outcomeOf(() => authenticator.authenticate(request, emptyContext))
  return { active: null, authenticator_outcome: outcome }
}

function reloaded(given: Given, certificates: Certificates): Promise<Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), 'ca-bundle-'))
  const path = join(folder, 'ca.crt')
  const clock = fixedClock()
  const write = (step: string): void => {
    if (step === 'absent') rmSync(path, { force: true })
    else if (step.startsWith('@')) writeFileSync(path, pemOf(certificates, [step]))
    else if (step === 'empty' || step === 'garbage') writeFileSync(path, step === 'empty' ? '' : step)
    else throw new NotUnderstood(`given.steps ${step}`)
  }
  try {
    const [first = 'absent', ...changes] = given['steps'] as readonly string[]
    write(first)
    let reloads = 0
    const source = certificateAuthoritiesAt(path, {
      clock,
      observer: (event) => {
        if (event.type === 'reload' && event.outcome === 'loaded') reloads++
      },
    })
    for (const change of changes) {
      write(change)
      clock.advance(120_000)
    }
    source.close()
    const active = Object.keys(certificates).find((name) => {
      const [single, ...others] = source.current().certificates
      const [der = new Uint8Array()] = derOf(certificates, [name])
      return others.length === 0 && single !== undefined && Buffer.compare(single.der, der) === 0
    })
    return Promise.resolve({
      outcome: 'loaded',
      active: active === undefined ? null : `@${active}`,
      listeners_notified: reloads > 0,
    })
  } catch (error) {
    if (error instanceof NotUnderstood) return Promise.reject(error)
    return Promise.resolve({
      outcome: 'load-error',
      text_contains: error instanceof Error ? error.message : '',
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
