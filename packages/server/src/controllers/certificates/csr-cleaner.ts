import type { Clock, KubernetesVersion } from '@kube-authn/core'
import { DEFAULT_KUBERNETES_VERSION } from '@kube-authn/internal/kubernetes-version'
import { timeOfRfc3339 } from '@kube-authn/internal/rfc3339'
import { parseCertificate } from '@kube-authn/x509'
import { pemContents } from '../../certificates/pem-contents.ts'
import { textOf } from '../../certificates/certificate-request.ts'
import type { KubeObject } from '../../registry/kube-object.ts'
import type { Registry } from '../../registry/registry.ts'
import { certificateSigningRequests } from '../../registry/resources/certificates/certificate-signing-requests.ts'
import { certificateOf, conditionsOf } from '../../registry/resources/certificates/signing-request.ts'
import type { ObjectController } from '../object-controller.ts'
import { deleteUnchanged } from '../registry-access.ts'

export interface CsrCleanerOptions {
  readonly registry: Registry
  readonly clock: Clock
  readonly kubernetesVersion?: KubernetesVersion
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/**
 * Deletes requests that are done: an hour after a certificate was issued, or after they were denied or failed; a day after they were created or approved, if
 * nothing came of it; and those whose certificate has expired. It looks at each at least once an hour.
 *
 * Source: kubernetes `pkg/controller/certificates/cleaner/cleaner.go`; before 1.36 it keeps what was approved and got no certificate.
 */
export function csrCleaner(options: CsrCleanerOptions): ObjectController {
  const { registry, clock, kubernetesVersion = DEFAULT_KUBERNETES_VERSION } = options
  return {
    name: 'certificatesigningrequest-cleaner-controller',
    resources: [certificateSigningRequests],
    async reconcile(key, object) {
      if (object === undefined) return {}
      const remainingMs = lastMomentOf(object, kubernetesVersion) - clock.now()
      // What is exactly as old as the limit stays.
      if (remainingMs >= 0) return { againAfterMs: Math.min(remainingMs + 1, HOUR_MS) }
      await deleteUnchanged(registry, key, object.metadata)
      return {}
    },
  }
}

/** Up to when a request is kept. */
function lastMomentOf(object: KubeObject, version: KubernetesVersion): number {
  const conditions = conditionsOf(object)
  const certificate = certificateOf(object)
  if (conditions.length === 0) return timeIn(object.metadata.creationTimestamp) + DAY_MS
  const moments = conditions.map(({ type, lastUpdateTime }) => {
    const updated = timeIn(lastUpdateTime)
    if (type === 'Denied' || type === 'Failed') return updated + HOUR_MS
    if (type !== 'Approved') return Infinity
    if (certificate === '') return version < '1.36' ? Infinity : updated + DAY_MS
    return Math.min(updated + HOUR_MS, expirationOf(certificate))
  })
  return Math.min(...moments)
}

/** A time that is not known is not over. */
function timeIn(text: string | undefined): number {
  return timeOfRfc3339(text ?? '') ?? Infinity
}

/** When the first certificate expires; never if it cannot be read. */
function expirationOf(certificate: string): number {
  try {
    const [first] = pemContents(textOf(certificate))
    return first === undefined ? Infinity : parseCertificate(first.der).notAfterMs
  } catch {
    return Infinity
  }
}
