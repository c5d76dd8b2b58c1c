import { attributesOf, type Authorizer, decide } from '@kube-authn/core/authorization'
import { emptyContext, userInfo } from '@kube-authn/core'
import type { CertificateRequest } from '@kube-authn/x509'
import { certificateRequestIn } from '../../certificates/certificate-request.ts'
import { commonNameOf, SignerName, signerProblem } from '../../certificates/signer-rules.ts'
import type { KubeObject } from '../../registry/kube-object.ts'
import type { Registry } from '../../registry/registry.ts'
import { ignoreOthers } from '../../registry/status-errors.ts'
import { certificateSigningRequests } from '../../registry/resources/certificates/certificate-signing-requests.ts'
import {
  certificateOf,
  conditionsOf,
  hasCondition,
  type RequestSpec,
  specOf,
  withStatus,
} from '../../registry/resources/certificates/signing-request.ts'
import type { ObjectController } from '../object-controller.ts'

/** Options of {@link csrApprover}. */
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
