import { type AuditPolicy, auditPolicy, type AuditPolicyOptions } from '@kube-authn/audit'
import { auditPolicyShape } from '@kube-authn/audit/internal'
import { DEFAULT_KUBERNETES_VERSION } from '@kube-authn/internal/kubernetes-version'
import { without } from '@kube-authn/core/internal'
import { checkOptions, type OptionsShape } from '@kube-authn/core/adapter'
import { fileSource } from './file-source/file-source.ts'
import { MAX_TEXT_BYTES, strictUtf8 } from './file-source/read-file.ts'
import type { ReloadOptions } from './file-source/reloading-source.ts'
import { closeable, type Closeable } from './options/closeable.ts'
import { reloadShape } from './options/reload-options.ts'

/** Options of {@link auditPolicyAt}. */
export type AuditPolicyAtOptions = ReloadOptions & Omit<AuditPolicyOptions, 'source'>

const shape: OptionsShape<AuditPolicyAtOptions> = { ...reloadShape, ...without(auditPolicyShape, 'source') }

/**
 * An audit policy in a file (`--audit-policy-file`), which is reloaded when it changes. An invalid version is ignored; the last valid one stays in
 * force.
 *
 * Deviation: kube-apiserver reads it once (`docs/deviations.md`, audit policies).
 *
 * @throws {ConfigurationError} with every problem, in kube-apiserver's words; any error of reading the file.
 * @example
 * const audit = auditFile('/var/log/my-app/audit.log', { policy: auditPolicyAt('/etc/my-app/audit-policy.yaml') })
 */
export function auditPolicyAt(path: string, options: AuditPolicyAtOptions = {}): AuditPolicy & Closeable {
  checkOptions(shape, options)
  const { bodies = 'refused', kubernetesVersion = DEFAULT_KUBERNETES_VERSION, ...reload } = options
  const source = fileSource(path, {
    ...reload,
    maxBytes: MAX_TEXT_BYTES,
    parse: (content) => auditPolicy(strictUtf8.decode(content), { source: path, bodies, kubernetesVersion }),
  })
  const policy: AuditPolicy = { rulingOn: (user, target) => source.current().rulingOn(user, target) }
  return closeable(policy, source.close)
}
