import { type Awaitable, type Clock, emptyContext, userInfo } from '@kube-authn/core'
import { attributesOf, type Authorizer, decide } from '@kube-authn/core/authorization'
import { rfc3339Of } from '@kube-authn/internal/rfc3339'
import type { CertificateRequest } from '@kube-authn/x509'
import { certificateRequestIn, requestedSubject } from '../../certificates/certificate-request.ts'
import {
  type AuthorityPem,
  issueCertificate,
  type SigningAuthority,
  signingAuthority,
} from '../../certificates/issue-certificate.ts'
import type { Lifetime } from '../../certificates/sign-certificate.ts'
import { commonNameOf, SignerName, signerProblem } from '../../certificates/signer-rules.ts'
import { certificateUsages } from '../../certificates/usages.ts'
import type { KubeObject } from '../../registry/kube-object.ts'
import type { Registry } from '../../registry/registry.ts'
import { certificateSigningRequests } from '../../registry/resources/certificates/certificate-signing-requests.ts'
import {
  certificateOf,
  conditionsOf,
  hasCondition,
  isApproved,
  type RequestSpec,
  specOf,
  withStatus,
} from '../../registry/resources/certificates/signing-request.ts'
import { ignoreOthers } from '../../registry/status-errors.ts'
import type { ObjectController } from '../object-controller.ts'

export interface CsrApproverOptions {
  readonly registry: Registry
  /** Decides whether a node may have a certificate. */
  readonly authorizer: Authorizer
}

/** A kind of request that is approved if its user may create this subresource. */
interface Recognizer {
  readonly subresource: string
  readonly isFor: (spec: RequestSpec, request: CertificateRequest) => boolean
  readonly message: string
}

const RECOGNIZERS: readonly Recognizer[] = [
  {
    subresource: 'selfnodeclient',
    isFor: (spec, request) => spec.username === commonNameOf(request) && isNodeClient(spec, request),
    message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
  },
  {
    subresource: 'nodeclient',
    isFor: isNodeClient,
    message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
  },
]

/**
 * Approves requests of nodes for their client certificates, if the user who asked may create `certificatesigningrequests/nodeclient`, or
 * `selfnodeclient` for its own node.
 *
 * Source: kubernetes `pkg/controller/certificates/approver/sarapprove.go`.
 */
export function csrApprover({ registry, authorizer }: CsrApproverOptions): ObjectController {
  const isAllowed = async (spec: RequestSpec, subresource: string): Promise<boolean> => {
    const request = {
      verb: 'create',
      apiGroup: 'certificates.k8s.io',
      resource: 'certificatesigningrequests',
      subresource,
    }
    const { verdict } = await decide(authorizer, attributesOf(userInfo(spec), request), emptyContext)
    return verdict === 'allow'
  }

  /** If the object is another one now, the controller is shown that. */
  const approve = async (object: KubeObject, message: string): Promise<void> => {
    const { name = '' } = object.metadata
    const approved = { type: 'Approved', status: 'True', reason: 'AutoApproved', message }
    const status = { conditions: [...conditionsOf(object), approved], certificate: '' }
    const target = { resource: certificateSigningRequests, namespace: '', name, subresource: 'approval' }
    await registry.update(target, withStatus(object, status)).catch(ignoreOthers)
  }

  return {
    name: 'certificatesigningrequest-approving-controller',
    resources: [certificateSigningRequests],
    async reconcile({ name }, object) {
      if (object === undefined || isDecided(object)) return {}
      const spec = specOf(object)
      // Most requests are for other signers, and are not read.
      if (spec.signerName !== SignerName.kubeApiserverClientKubelet) return {}
      const request = certificateRequestIn(spec.request)
      const tried: string[] = []
      for (const { subresource, isFor, message } of RECOGNIZERS) {
        if (!isFor(spec, request)) continue
        tried.push(subresource)
        if (await isAllowed(spec, subresource)) {
          await approve(object, message)
          return {}
        }
      }
      if (tried.length === 0) return {}
      throw new Error(
        `recognized csr ${JSON.stringify(name)} as [${tried.join(' ')}] but subject access review was not approved`,
      )
    },
  }
}

function isDecided(object: KubeObject): boolean {
  return hasCondition(object, 'Approved') || hasCondition(object, 'Denied') || certificateOf(object) !== ''
}

function isNodeClient({ signerName, usages }: RequestSpec, request: CertificateRequest): boolean {
  const signer = SignerName.kubeApiserverClientKubelet
  return signerName === signer && signerProblem(signer, request, usages) === undefined
}

export interface CsrSignerOptions {
  readonly registry: Registry
  /** Returns the CA that signs, in PEM: `--cluster-signing-cert-file` and `--cluster-signing-key-file`. It is asked for each certificate. */
  readonly authority: () => Awaitable<AuthorityPem>
  /** `--cluster-signing-duration`. Default: a year of 365 days. */
  readonly maxDurationSeconds?: number
  readonly clock: Clock
}

const YEAR_SECONDS = 365 * 24 * 3600

/**
 * Issues certificates for approved requests to the signers of Kubernetes, which all sign with the same CA. A request that breaks the rules of its signer fails.
 *
 * Source: kubernetes `pkg/controller/certificates/signer/signer.go`, `cmd/kube-controller-manager/app/certificates.go`.
 */
export function csrSigner(options: CsrSignerOptions): ObjectController {
  const { registry, maxDurationSeconds = YEAR_SECONDS, clock } = options
  const authority = lastAuthority(options.authority)

  /** If the object is another one now, the controller is shown that. */
  const write = async (object: KubeObject): Promise<void> => {
    const { name = '' } = object.metadata
    const target = { resource: certificateSigningRequests, namespace: '', name, subresource: 'status' }
    await registry.update(target, object).catch(ignoreOthers)
  }

  const sign = async (request: CertificateRequest, spec: RequestSpec): Promise<string> => {
    const signer = await authority()
    const { expirationSeconds, usages } = spec
    const seconds = durationSeconds(expirationSeconds, maxDurationSeconds)
    return issueCertificate(signer, {
      subject: requestedSubject(request),
      publicKey: request.publicKey.spki,
      alternativeNames: request.alternativeNames,
      ...certificateUsages(usages),
      ...lifetimeOf(clock.now(), seconds, signer.certificate.notAfterMs),
    })
  }

  return {
    name: 'certificatesigningrequest-signing-controller',
    resources: [certificateSigningRequests],
    async reconcile(_, object) {
      if (object === undefined || !isToBeSigned(object)) return {}
      const spec = specOf(object)
      const signerName = Object.values(SignerName).find((each) => each === spec.signerName)
      if (signerName === undefined) return {}
      const request = certificateRequestIn(spec.request)
      const message = signerProblem(signerName, request, spec.usages)
      const conditions = conditionsOf(object)
      if (message === undefined) {
        const certificate = btoa(await sign(request, spec))
        await write(withStatus(object, { conditions, certificate }))
      } else {
        const failed = { type: 'Failed', status: 'True', reason: 'SignerValidationFailure', message }
        await write(withStatus(object, { conditions: [...conditions, failed], certificate: '' }))
      }
      return {}
    },
  }
}

function isToBeSigned(object: KubeObject): boolean {
  const hasFailed = conditionsOf(object).some(
    ({ type, status = 'True' }) => type === 'Failed' && status === 'True',
  )
  return isApproved(object) && !hasFailed && certificateOf(object) === ''
}

/** Reads the CA again only if it is another one. */
function lastAuthority(pem: () => Awaitable<AuthorityPem>): () => Promise<SigningAuthority> {
  let last: (AuthorityPem & { readonly read: SigningAuthority }) | undefined
  return async () => {
    const { certificate, privateKey } = await pem()
    if (last?.certificate === certificate && last.privateKey === privateKey) return last.read
    const read = await signingAuthority({ certificate, privateKey })
    last = { certificate, privateKey, read }
    return read
  }
}

const MIN_DURATION_SECONDS = 600
/** For clocks that are late. Always less than the minimum. */
const BACKDATE_SECONDS = 300
/** Certificates that are valid for a shorter time do not end earlier because they begin earlier. */
const SHORT_SECONDS = 8 * 3600

/** @param requested `undefined`: the maximum. */
function durationSeconds(requested: number | undefined, maximum: number): number {
  if (requested === undefined || requested > maximum) return maximum
  return Math.max(requested, MIN_DURATION_SECONDS)
}

/**
 * When a certificate is valid: five minutes less than it is requested for after now, unless that is short, and never longer than its CA.
 *
 * Source: kubernetes `pkg/controller/certificates/signer/signer.go` duration, `pkg/controller/certificates/authority/policies.go` apply.
 *
 * @throws {Error} if the CA has expired.
 */
function lifetimeOf(nowMs: number, duration: number, authorityNotAfterMs: number): Lifetime {
  const now = Math.floor(nowMs / 1000)
  const notBeforeMs = (now - BACKDATE_SECONDS) * 1000
  const end = now + duration - (duration < SHORT_SECONDS ? 0 : BACKDATE_SECONDS)
  const ended = `NotAfter=${rfc3339Of(authorityNotAfterMs)}`
  if (notBeforeMs >= authorityNotAfterMs) throw new Error(`the signer has expired: ${ended}`)
  if (now * 1000 >= authorityNotAfterMs) {
    throw new Error(`refusing to sign a certificate that expired in the past: ${ended}`)
  }
  return { notBefore: new Date(notBeforeMs), notAfter: new Date(Math.min(end * 1000, authorityNotAfterMs)) }
}
