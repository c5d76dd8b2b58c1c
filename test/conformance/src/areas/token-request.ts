import { StatusError } from '@kube-authn/core/adapter'
import { readJwt } from '@kube-authn/core/oidc'
import { serviceAccountObjects } from '@kube-authn/core/service-account'
import { signingKeyFromPem, tokenIssuer } from '@kube-authn/issuer'
import type { TokenTarget } from '@kube-authn/issuer/internal'
import { createPki, fixedClock } from '@kube-authn/testing'
import type { Given, UnitRunner } from '../vector.ts'
import { reading } from '../reading.ts'

/** Area C-tokenrequest: issued and refused tokens. */
export const tokenRequests: UnitRunner = reading(
  {
    given: [
      'now apiAudiences body maxExpirationSeconds extendExpiration',
      {
        path: 'namespace name',
        serviceAccount: 'namespace name uid',
        objects: ['kind namespace name uid', { spec: 'serviceAccountName nodeName' }],
      },
    ],
    expect: [
      'status reason message messageContains metadata spec claims absentClaims warnings',
      { responseStatus: 'expirationTimestamp', errors: 'path type detail' },
    ],
  },
  async ({ given, expect }) => {
    const { privateKeyPem } = await (await createPki()).issueClient({ commonName: 'sa' })
    const warnings: string[] = []
    const issuer = tokenIssuer({
      issuer: 'https://issuer.example.com',
      signingKey: await signingKeyFromPem(privateKeyPem),
      audiences: given['apiAudiences'] as readonly string[],
      objects: objectsOf(given),
      clock: fixedClock(Number(given['now']) * 1000),
      ...(given['maxExpirationSeconds'] !== undefined && {
        maxExpirationSeconds: Number(given['maxExpirationSeconds']),
      }),
      ...(given['extendExpiration'] !== undefined && {
        extendExpiration: given['extendExpiration'] === true,
      }),
    })
    try {
      const target = given['path'] as TokenTarget
      const { metadata, spec, status } = await issuer.issue(target, given['body'], {
        warn: (text) => void warnings.push(text),
      })
      const claims = readJwt(status.token)?.claims ?? {}
      return {
        status: 201,
        metadata: named(expect['metadata'], metadata),
        spec: named(expect['spec'], spec),
        claims: named(expect['claims'], claims),
        absentClaims: absent(expect['absentClaims'], claims),
        responseStatus: { expirationTimestamp: Date.parse(status.expirationTimestamp) / 1000 },
        warnings,
      }
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      const { status, message, body } = error
      return { status, reason: body.reason, message, messageContains: message, errors: causesOf(error) }
    }
  },
)

interface VectorObject {
  readonly kind: string
  readonly namespace?: string
  readonly name: string
  readonly uid: string
  readonly spec?: { readonly serviceAccountName?: string; readonly nodeName?: string }
}

function objectsOf(given: Given): ReturnType<typeof serviceAccountObjects> {
  const all = (given['objects'] ?? []) as readonly VectorObject[]
  const ofKind = (wanted: string) =>
    all
      .filter(({ kind }) => kind === wanted)
      .map(({ namespace = '', name, uid, spec }) => ({ namespace, name, uid, data: {}, ...spec }))
  const account = given['serviceAccount'] as (TokenTarget & { readonly uid: string }) | undefined
  return serviceAccountObjects({
    serviceAccounts: account === undefined || account === null ? [] : [account],
    pods: ofKind('Pod'),
    secrets: ofKind('Secret'),
    nodes: ofKind('Node'),
  })
}

/** Restricts a value to what the case names. */
function named(wanted: unknown, value: unknown): unknown {
  if (!isObject(wanted) || !isObject(value)) return value
  return Object.fromEntries(Object.entries(wanted).map(([key, inner]) => [key, named(inner, value[key])]))
}

/** The paths that do not exist. The claim `kubernetes.io` has a dot in its name. */
function absent(paths: unknown, claims: Readonly<Record<string, unknown>>): readonly string[] {
  return ((paths ?? []) as readonly string[]).filter((path) => {
    const [outer = '', inner = ''] = path.startsWith('kubernetes.io.')
      ? ['kubernetes.io', path.slice('kubernetes.io.'.length)]
      : [path]
    const value = claims[outer]
    return inner === '' ? value === undefined : !isObject(value) || value[inner] === undefined
  })
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function causesOf({ body }: StatusError): unknown {
  const causes = body.details?.['causes'] as
    | readonly { readonly reason: string; readonly field: string; readonly message: string }[]
    | undefined
  return causes?.map(({ reason, field, message }) => ({
    path: field,
    type: reason.replace('FieldValue', ''),
    detail: message.split(': ').at(-1),
  }))
}
